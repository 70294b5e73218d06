// Owns one coordinator that is made to die again and again: its process with the crash points in it, started anew on the same
// database whenever it has died, and a caller who asks until there is an answer.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from '../../support/clean-environment.ts';
import { atTheEnd } from '../../support/end.ts';
import { makeFolderForTheRun } from '../../support/folder.ts';
import type { CrashOrder, CrashReport } from './preload.ts';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const PRELOAD = new URL('./preload.ts', import.meta.url).href;
const START_LIMIT_MS = 60_000;
const ANSWER_LIMIT_MS = 40_000;
const AGAIN_AFTER_MS = 40;
const POLL_MS = 20;

export interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Victim {
  /** Counts anew, and dies at this point; null: at none. */
  arm(point: string | null): Promise<void>;
  /** What it reached since. */
  reached(): Promise<readonly string[]>;
  /** How often it has died so far. */
  deaths(): number;
  /** Asks as a careful caller does: again where there is no answer or 503, of whoever listens by then. */
  ask(method: string, path: string, json?: object): Promise<Answered>;
  stop(): Promise<void>;
}

interface Life {
  readonly child: ChildProcess;
  readonly url: string;
}

/** @param environment beside what a clean one has */
export async function startVictim(environment: Readonly<Record<string, string>>): Promise<Victim> {
  const folder = await makeFolderForTheRun();
  let deaths = 0;
  let isOver = false;
  let failure: unknown = null;
  const begin = async (): Promise<Life> => {
    const life = await launch({ ...environment, HOLDFAST_DATA_DIR: folder });
    life.child.once('exit', () => {
      if (isOver) return;
      deaths += 1;
      current = begin();
      current.catch((error: unknown) => {
        failure = error;
      });
    });
    return life;
  };
  let current = begin();
  await current;
  const stop = async (): Promise<void> => {
    isOver = true;
    const life = await current.catch(() => null);
    if (life === null || life.child.exitCode !== null || life.child.signalCode !== null) return;
    const ended = once(life.child, 'exit');
    life.child.kill('SIGTERM');
    await ended;
  };
  atTheEnd(stop);
  const tell = async (order: CrashOrder): Promise<CrashReport> => {
    for (;;) {
      if (failure !== null) throw failure;
      const report = await tellOnce(await current, order);
      if (report !== null) return report;
    }
  };
  return {
    arm: async (point) => void (await tell({ kind: 'arm', point })),
    reached: async () => {
      const report = await tell({ kind: 'tell' });
      return report.kind === 'reached' ? report.points : [];
    },
    deaths: () => deaths,
    ask: async (method, path, json) => {
      const deadline = performance.now() + ANSWER_LIMIT_MS;
      for (;;) {
        if (failure !== null) throw failure;
        const answer = await askOnce(await current, method, path, json);
        if (answer !== null && answer.status !== 503) return answer;
        if (performance.now() > deadline) throw new Error(`${method} ${path} was not answered within ${ANSWER_LIMIT_MS} ms`);
        await delay(AGAIN_AFTER_MS);
      }
    },
    stop,
  };
}

async function launch(environment: Readonly<Record<string, string>>): Promise<Life> {
  const child = spawn(process.execPath, ['--import', PRELOAD, MAIN], {
    env: { ...cleanEnvironment(), PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline && child.exitCode === null && child.signalCode === null) {
    const url = /holdfast listens on (http:\/\/[^\s"]+)/.exec(output)?.[1];
    if (url !== undefined) return { child, url };
    await delay(POLL_MS);
  }
  child.kill('SIGKILL');
  throw new Error(`the coordinator did not listen. It printed:\n${output}`);
}

/** @returns null where it died before it could answer */
async function tellOnce({ child }: Life, order: CrashOrder): Promise<CrashReport | null> {
  const over = new AbortController();
  const { signal } = over;
  try {
    const answered = once(child, 'message', { signal }).then(([report]) => report as CrashReport);
    const died = child.exitCode === null && child.signalCode === null ? once(child, 'exit', { signal }) : Promise.resolve();
    if (child.connected) child.send(order, () => {});
    return await Promise.race([answered, died.then(() => null)]);
  } finally {
    over.abort();
  }
}

async function askOnce({ url }: Life, method: string, path: string, json: object | undefined): Promise<Answered | null> {
  try {
    const response = await fetch(new URL(path, url), {
      method,
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      ...(json !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }),
    });
    return { status: response.status, body: (await response.json()) as Answered['body'] };
  } catch {
    return null;
  }
}
