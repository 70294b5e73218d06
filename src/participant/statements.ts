// Owns the way from sql/participant/ to a statement: each file is one, read once at the start.
import { existsSync, readFileSync } from 'node:fs';

// From src/participant as it stands, and from dist/src/participant as it is packed, sql/ is found by walking up.
const FOLDERS = [
  new URL('../../sql/participant/', import.meta.url),
  new URL('../../../sql/participant/', import.meta.url),
] as const;
const FOLDER = FOLDERS.find((folder) => existsSync(folder));

/**
 * @param name of a file in sql/participant/, such as 'marks.sql'
 * @throws where there is no such file: a broken installation
 */
export function statement(name: string): string {
  if (FOLDER === undefined) throw new Error('the folder sql/participant/ is missing: the installation of holdfast is incomplete');
  return readFileSync(new URL(name, FOLDER), 'utf8');
}
