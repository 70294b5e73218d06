// Owns the way from sql/ to a statement: each file is one, read once at the start.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// From src/ledger as it stands, and from dist/src/ledger as it is packed, sql/ is found by walking up.
const ROOT = [new URL('../../sql/', import.meta.url), new URL('../../../sql/', import.meta.url)].find((candidate) => {
  try {
    return readdirSync(fileURLToPath(candidate)).length > 0;
  } catch {
    return false;
  }
});

/**
 * @param path below sql/, such as 'queries/stock_by_sku.sql'
 * @throws where there is no such file: a broken installation
 */
export function statement(path: string): string {
  return readFileSync(new URL(path, folder()), 'utf8');
}

/** The statements of a folder below sql/, sorted by file name. */
export function statementsIn(path: string): { readonly name: string; readonly text: string }[] {
  const names = readdirSync(fileURLToPath(new URL(`${path}/`, folder())));
  return names
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({ name, text: statement(`${path}/${name}`) }));
}

function folder(): URL {
  if (ROOT === undefined) throw new Error('the folder sql/ is missing beside src/: the installation is incomplete');
  return ROOT;
}
