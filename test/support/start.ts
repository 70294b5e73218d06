// Owns running the coordinator where it is expected to end by itself.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from './clean-environment.ts';
import { atTheEnd } from './end.ts';
import { makeFolderForTheRun } from './folder.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  /** Everything it printed, stdout and stderr as they came. */
  readonly output: string;
}

/** @param env added to a clean environment with a free port and a data folder of its own */
export async function runToEnd(env: Readonly<Record<string, string>>): Promise<Ended> {
  const child: ChildProcess = spawn(process.execPath, [MAIN], {
    env: { ...cleanEnvironment(), PORT: '0', HOLDFAST_DATA_DIR: await makeFolderForTheRun(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  atTheEnd(async () => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
