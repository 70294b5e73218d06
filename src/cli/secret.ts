// Owns how a command reads a setting that may hold a password: from the environment, or from the file that NAME_FILE names.
import { ConfigError } from '../config.ts';
import { withSecretFiles } from '../secret-files.ts';
import { EXIT, Failure } from './failure.ts';

/**
 * @returns the value, null where it is not set; nothing of other settings is looked at
 * @throws Failure for wrong usage, without the value
 */
export function secretOf(env: NodeJS.ProcessEnv, name: string): string | null {
  try {
    return withSecretFiles(env, [name])[name] || null;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new Failure(EXIT.usage, error.faults.join(' '));
  }
}
