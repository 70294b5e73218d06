// Owns the way from chaos/sql/ to a statement.
import { readFileSync } from 'node:fs';

/** @param name of a file in chaos/sql/ */
export function chaosStatement(name: string): string {
  return readFileSync(new URL(`../sql/${name}`, import.meta.url), 'utf8');
}
