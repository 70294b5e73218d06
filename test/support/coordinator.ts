// Owns running the real coordinator, as a process of its own, for tests that look at it from outside.
import { type ChildProcess, spawn } from 'node:child_process';
import { realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endProcessesIn } from '../../src/embedded/leftovers.ts';
import { cleanEnvironment } from './clean-environment.ts';
import { atTheEnd } from './end.ts';
import { makeFolder } from './folder.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const START_LIMIT_MS = 60_000;
const POLL_MS = 20;

export interface CoordinatorOptions {
  /**
   * Added to a clean environment, so that nothing of the machine's settings leaks in: PATH, HOME, PORT=0 and a new
   * HOLDFAST_DATA_DIR, which is removed at the end of the run.
   */
  readonly env?: Readonly<Record<string, string>>;
  /** For src/main.ts itself. */
  readonly args?: readonly string[];
  /** The working directory; the test run's own where it is not given. */
  readonly cwd?: string;
}

export interface CoordinatorProcess {
  readonly url: string;
  readonly pid: number;
  /** Everything it printed so far, stdout and stderr as they came. */
  output(): string;
  /** Sends the signal and waits for the end only where the signal is SIGKILL. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** SIGTERM, and the exit code: 0 for an orderly stop, null where a signal ended it. */
  stop(): Promise<number | null>;
  /** The exit code, once it ends by itself. */
  ended(): Promise<number | null>;
  /** As fetch, with a path instead of a URL; an object as `json` becomes the body. */
  request(path: string, init?: RequestInit & { readonly json?: unknown }): Promise<Response>;
}

/**
 * Starts src/main.ts on a free port and waits until /readyz answers 200.
 * @throws Error with everything it printed where it ends or does not get ready
 */
export async function startCoordinator(options: CoordinatorOptions = {}): Promise<CoordinatorProcess> {
  const ownFolder = options.env?.HOLDFAST_DATA_DIR === undefined ? await makeFolder() : null;
  const dataDir = ownFolder ?? options.env?.HOLDFAST_DATA_DIR ?? '';
  // Without a DATABASE_URL, that tests' participants may stand on the loopback goes by itself, as in a quickstart.
  const allowance = options.env?.DATABASE_URL === undefined ? {} : { HOLDFAST_PARTICIPANT_ALLOW: '127.0.0.0/8,::1' };
  const child = spawn(process.execPath, [MAIN, ...(options.args ?? [])], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...cleanEnvironment(), PORT: '0', HOLDFAST_DATA_DIR: dataDir, ...allowance, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collectOutput(child);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    return ended;
  };
  atTheEnd(async () => {
    child.kill('SIGCONT');
    const late = setTimeout(() => child.kill('SIGKILL'), 12_000);
    await stop().finally(() => clearTimeout(late));
    await endEmbedded(dataDir);
    if (ownFolder !== null) await rm(ownFolder, { recursive: true, force: true });
  });
  const url = await untilReady(child, output);
  return {
    url,
    pid: child.pid ?? 0,
    output,
    kill: async (signal) => {
      child.kill(signal);
      if (signal === 'SIGKILL') await ended;
    },
    stop,
    ended: () => ended,
    request: (path, init = {}) => {
      const { json, ...rest } = init;
      if (json === undefined) return fetch(new URL(path, url), rest);
      const headers = new Headers(rest.headers);
      if (!headers.has('content-type')) headers.set('content-type', 'application/json');
      return fetch(new URL(path, url), { method: 'POST', ...rest, headers, body: JSON.stringify(json) });
    },
  };
}

/** What a coordinator that was killed left running. */
async function endEmbedded(dataDir: string): Promise<void> {
  for (const name of ['postgres', 'redis']) {
    const folder = await realpath(join(dataDir, name)).catch(() => null);
    if (folder !== null) await endProcessesIn(folder, ['postgres', 'redis-server', 'valkey-server'], []);
  }
}

function collectOutput(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      text += chunk;
    });
  }
  return () => text;
}

async function untilReady(child: ChildProcess, output: () => string): Promise<string> {
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    const url = /holdfast listens on (https?:\/\/[^\s"]+)/.exec(output())?.[1];
    if (url !== undefined) {
      const ready = await fetch(new URL('/readyz', url)).catch(() => null);
      await ready?.body?.cancel();
      if (ready?.status === 200) return url;
    }
    await delay(POLL_MS);
  }
  const state =
    child.exitCode === null && child.signalCode === null ? 'is not ready' : `ended with ${child.signalCode ?? child.exitCode}`;
  child.kill('SIGKILL');
  throw new Error(`The coordinator ${state}. It printed:\n${output()}`);
}
