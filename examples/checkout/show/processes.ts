// Owns one process of the show: started with a clean environment, known by where it listens, killed or stopped when asked.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 12_000;

export interface Service {
  readonly url: string;
  /** SIGKILL: it has no time for anything. */
  kill(): Promise<void>;
}

/**
 * Starts a program and waits until it says where it listens.
 * @param ends stops it, if it still runs, when everything ends; also where it never got ready
 * @throws Error with what it printed where it ends, or says nothing in time
 */
export async function startService(
  ends: AsyncDisposableStack,
  program: URL,
  environment: Readonly<Record<string, string>>,
): Promise<Service> {
  if (ends.disposed) throw new Error('everything is being ended already');
  const { PATH = '', HOME = '', TMPDIR } = process.env;
  const child = spawn(process.execPath, ['--conditions=holdfast-source', fileURLToPath(program)], {
    // Nothing of the caller's settings (DATABASE_URL, HOLDFAST_…) changes what is shown.
    env: { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
    // Ctrl-C reaches the script alone, which then stops each in its turn.
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  ends.defer(async () => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await ended;
    clearTimeout(late);
  });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  return { url: await whereItListens(child), kill };
}

function whereItListens(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    let isReady = false;
    const fail = (what: string): void => {
      clearTimeout(timer);
      reject(new Error(`${child.spawnargs.at(-1)} ${what}. It printed:\n${printed}`));
    };
    const timer = setTimeout(() => fail('did not get ready'), START_LIMIT_MS);
    const read = (text: string): void => {
      // It is read to the end all the same: a full pipe would halt the process.
      if (isReady) return;
      printed += text;
      const url = /listens on (http:\S+)/.exec(printed)?.[1];
      if (url === undefined) return;
      isReady = true;
      clearTimeout(timer);
      resolve(url);
    };
    child.stdout?.setEncoding('utf8').on('data', read);
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    child.once('close', () => fail('ended before it was ready'));
  });
}
