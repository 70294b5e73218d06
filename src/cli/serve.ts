// Owns `holdfast serve`: the options that override settings, and the list of settings in its help.
import { ConfigError, readConfig } from '../config.ts';
import { serve } from '../runtime/serve.ts';
import { SETTINGS } from '../settings.ts';
import { EXIT, Failure } from './failure.ts';

export interface ServeOptions {
  readonly host?: string;
  readonly port?: string;
  readonly dataDir?: string;
  readonly workers?: string;
}

const OVERRIDES: readonly (readonly [keyof ServeOptions, string, string])[] = [
  ['host', '--host', SETTINGS.host.name],
  ['port', '--port', SETTINGS.port.name],
  ['dataDir', '--data-dir', SETTINGS.dataDir.name],
  ['workers', '--workers', SETTINGS.workers.name],
];

/**
 * Runs a coordinator; resolves when it serves. The process lives on until a signal ends it, with the exit code of serve().
 * @throws Failure for wrong usage where an option, and not the environment, is at fault
 */
export async function serveWith(options: ServeOptions, env: NodeJS.ProcessEnv): Promise<void> {
  const overrides: Record<string, string> = {};
  for (const [key, flag, name] of OVERRIDES) {
    const value = options[key];
    if (value === undefined) continue;
    check(flag, name, value);
    overrides[name] = value;
  }
  await serve({ ...env, ...overrides });
}

function check(flag: string, name: string, value: string): void {
  // To readConfig an empty value is none; on a command line it is a slip of a script, and must not fall back in silence.
  if (value === '') throw new Failure(EXIT.usage, `${flag} must not be empty.`);
  try {
    readConfig({ [name]: value });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new Failure(EXIT.usage, error.faults.join(' ').replaceAll(name, flag));
  }
}
