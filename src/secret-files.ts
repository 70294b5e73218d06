// Owns the way by which a setting that may hold a password comes by file: NAME_FILE names the file that NAME's value is read from, once.
// It is the thin shell in front of config.ts, which looks at nothing but what it is given.
import { readFileSync } from 'node:fs';
import { ConfigError } from './config.ts';
import { SETTINGS, type Setting } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The names of the settings that may be given by file. */
export const SECRET_NAMES: readonly string[] = Object.values<Setting>(SETTINGS).flatMap((setting) =>
  setting.kind === 'text' && setting.secret ? [setting.name] : [],
);

export function fileNameOf(name: string): string {
  return `${name}_FILE`;
}

/**
 * @param names those that are wanted; what the others' files hold is not looked at
 * @returns the environment with each value in the place of its file's name
 * @throws ConfigError that names every setting given in both ways and the path of every file that cannot be read, and never a value
 */
export function withSecretFiles(env: Environment, names: readonly string[] = SECRET_NAMES): Record<string, string | undefined> {
  const resolved = { ...env };
  const faults: string[] = [];
  for (const name of names) {
    const fileName = fileNameOf(name);
    const path = env[fileName] ?? '';
    delete resolved[fileName];
    if (path === '') continue;
    if ((env[name] ?? '') !== '') {
      faults.push(`${name} and ${fileName} are both set: one of them must go.`);
      continue;
    }
    try {
      resolved[name] = readSecret(path);
      if (resolved[name] === '') faults.push(`${fileName} names ${path}, which is empty.`);
    } catch (error) {
      faults.push(`${fileName} names ${path}, which cannot be read${codeOf(error)}.`);
    }
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return resolved;
}

/** What editors and `echo` put at the end is not a part of it: one newline. */
function readSecret(path: string): string {
  return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
}
