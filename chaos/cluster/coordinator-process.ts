// Owns one coordinator's process: started on the same port again and again, killed, stopped, paused, looked at.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExitRecord } from '../record.ts';

const START_LIMIT_MS = 60_000;
const TERMINATE_LIMIT_MS = 12_000;
const LIVE_LIMIT_MS = 1_000;
const POLL_MS = 25;
/** A coordinator that ended because PostgreSQL was not there is started again, as a supervisor would. */
const AGAIN_AFTER_MS = 300;
const KEPT_LINES = 200;
const LAST_LINES = 20;

/** How a process ended (see ExitRecord). */
export type ProcessExit = Omit<ExitRecord, 'type' | 'target'>;

export interface CoordinatorProcess {
  readonly port: number;
  pid(): number | null;
  kill(): Promise<void>;
  terminate(): Promise<number | null>;
  pause(): void;
  resume(): void;
  start(): Promise<void>;
  memory(): number | null;
  output(): string;
}

/** Where a run of tests keeps compiled code (test/run.mjs): a start after a kill takes half the work by it. */
const { NODE_COMPILE_CACHE: cache } = process.env;
const COMPILED = cache === undefined ? {} : { NODE_COMPILE_CACHE: cache };

/**
 * @param tree where its source is
 * @param environment all it finds in its environment
 * @param onExit hears of every end of it, whoever ordered it
 */
export function coordinatorProcess(
  tree: string,
  port: number,
  environment: Readonly<Record<string, string>>,
  onExit: (exit: ProcessExit) => void = () => undefined,
): CoordinatorProcess {
  let child: ChildProcess | null = null;
  /** Of the process there is: one that has ended keeps its own. */
  let life: { order: ProcessExit['order']; isServing: boolean } = { order: null, isServing: false };
  /** Counts the orders to start and to end, so that a start which takes long sees that it is no longer wanted. */
  let order = 0;
  const output = keepLines(KEPT_LINES);
  const runs = (process: ChildProcess | null): process is ChildProcess =>
    process?.pid !== undefined && process.exitCode === null && process.signalCode === null;
  const launch = (): ChildProcess => {
    const fresh = spawn(process.execPath, ['--conditions=holdfast-source', join(tree, 'src', 'main.ts')], {
      cwd: tree,
      env: { ...COMPILED, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C reaches the harness, which then ends it in order.
      detached: true,
    });
    const startedMs = Date.now();
    const own: typeof life = { order: null, isServing: false };
    life = own;
    fresh.on('error', (error) => output.add(`${error.message}\n`));
    // Once its last words are heard.
    fresh.once('close', (code, signal) => {
      const lastLines = own.order === 'kill' ? '' : output.last(LAST_LINES);
      onExit({ startedMs, atMs: Date.now(), order: own.order, code, signal, wasServing: own.isServing, lastLines });
    });
    for (const stream of [fresh.stdout, fresh.stderr]) stream?.setEncoding('utf8').on('data', output.add);
    child = fresh;
    return fresh;
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!runs(child)) return;
    const ended = once(child, 'close');
    // One that takes too long to end in order was told to do that, and was killed for it.
    life.order ??= signal === 'SIGKILL' ? 'kill' : 'terminate';
    child.kill(signal);
    await ended;
  };
  const kill = (): Promise<void> => {
    order += 1;
    return end('SIGKILL');
  };
  return {
    port,
    pid: () => (runs(child) ? (child.pid ?? null) : null),
    kill,
    terminate: async () => {
      order += 1;
      if (!runs(child)) return null;
      const ending = child;
      const late = setTimeout(() => ending.kill('SIGKILL'), TERMINATE_LIMIT_MS);
      await end('SIGTERM').finally(() => clearTimeout(late));
      return ending.exitCode;
    },
    pause: () => void (runs(child) && child.kill('SIGSTOP')),
    resume: () => void (runs(child) && child.kill('SIGCONT')),
    start: async () => {
      order += 1;
      const mine = order;
      const deadline = performance.now() + START_LIMIT_MS;
      while (performance.now() < deadline) {
        if (mine !== order) throw new Error(`The start of the coordinator on port ${port} was called off.`);
        if (!runs(child)) launch();
        if (await isLive(port)) {
          life.isServing = true;
          return;
        }
        await delay(runs(child) ? POLL_MS : AGAIN_AFTER_MS);
      }
      await kill();
      throw new Error(`The coordinator on port ${port} did not listen within a minute. It printed:\n${output.text()}`);
    },
    memory: () => (runs(child) && child.pid !== undefined ? residentBytes(child.pid) : null),
    output: output.text,
  };
}

async function isLive(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/livez`, { signal: AbortSignal.timeout(LIVE_LIMIT_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function residentBytes(pid: number): number | null {
  try {
    if (process.platform === 'linux') {
      const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return kibibytes === undefined ? null : Number(kibibytes) * 1024;
    }
    const kibibytes = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
    return Number.isFinite(kibibytes) ? kibibytes * 1024 : null;
  } catch {
    return null; // It ended while we looked.
  }
}

function keepLines(limit: number): { add(text: string): void; text(): string; last(count: number): string } {
  let lines: string[] = [''];
  return {
    add: (text) => {
      const [first = '', ...rest] = text.split('\n');
      lines.push((lines.pop() ?? '') + first, ...rest);
      lines = lines.slice(-limit);
    },
    text: () => lines.join('\n'),
    last: (count) => lines.slice(-count).join('\n'),
  };
}
