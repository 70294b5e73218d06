// Owns finding the programs of others that some tests need, and saying so plainly where one is missing.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** @returns the path of a program on PATH; null where it is missing */
export function findTool(name: string): string | null {
  const places = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return places.map((folder) => join(folder, name)).find(canRun) ?? null;
}

/**
 * The path of a program; where it is missing, the suite or test is skipped, with a word.
 * @param context `this` of the hook or test
 */
export function toolOrSkip(context: Mocha.Context, name: string, debianPackage: string): string {
  const path = findTool(name);
  if (path !== null) return path;
  process.stdout.write(`      skipped: ${name} is not on PATH (apt-get install ${debianPackage})\n`);
  return context.skip();
}

/** @returns the folder of a whole PostgreSQL as Debian installs it, the newest; null where there is none */
export function findDebianPostgres(): string | null {
  const root = '/usr/lib/postgresql';
  const versions = ((): string[] => {
    try {
      return readdirSync(root);
    } catch {
      return [];
    }
  })();
  const newestFirst = versions.toSorted((a, b) => Number(b) - Number(a)).map((version) => join(root, version, 'bin'));
  return newestFirst.find((folder) => ['postgres', 'initdb', 'pg_dump'].every((name) => canRun(join(folder, name)))) ?? null;
}

export interface Ran {
  readonly status: number | null;
  readonly output: string;
}

/** Runs a program to its end. */
export function runTool(program: string, args: readonly string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}): Ran {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 240_000, ...options });
  return { status, output: `${stdout}${stderr}${error === undefined ? '' : String(error)}` };
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
