// Owns running a short program of the embedded servers to its end.
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import type { Account } from './account.ts';

/**
 * Runs a program as the account and waits for it.
 * @param folder its working directory
 * @throws Error with what it printed where it does not end with 0
 */
export async function runToEnd(account: Account, folder: string, program: string, args: readonly string[]): Promise<void> {
  const command = account.command(program, args);
  const child = spawn(command.program, command.args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    ...command.identity,
  });
  const printed: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => printed.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new Error(`${basename(program)} failed (${code ?? 'killed'}):\n${Buffer.concat(printed).toString('utf8').trim()}`);
}
