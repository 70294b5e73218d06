// Owns one coordinator's process: started on the same port again and again, killed, stopped, paused, looked at.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const START_LIMIT_MS = 60_000;
const TERMINATE_LIMIT_MS = 12_000;
const LIVE_LIMIT_MS = 1_000;
const POLL_MS = 25;
/** A coordinator that ended because PostgreSQL was not there is started again, as a supervisor would. */
const AGAIN_AFTER_MS = 300;
const KEPT_LINES = 200;

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

/**
 * @param tree where its source is
 * @param environment all it finds in its environment
 */
export function coordinatorProcess(
  tree: string,
  port: number,
  environment: Readonly<Record<string, string>>,
): CoordinatorProcess {
  let child: ChildProcess | null = null;
  /** Counts the orders to start and to end, so that a start which takes long sees that it is no longer wanted. */
  let order = 0;
  const output = keepLines(KEPT_LINES);
  const runs = (process: ChildProcess | null): process is ChildProcess =>
    process?.pid !== undefined && process.exitCode === null && process.signalCode === null;
  const launch = (): ChildProcess => {
    const fresh = spawn(process.execPath, ['--conditions=holdfast-source', join(tree, 'src', 'main.ts')], {
      cwd: tree,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C reaches the harness, which then ends it in order.
      detached: true,
    });
    fresh.on('error', (error) => output.add(`${error.message}\n`));
    for (const stream of [fresh.stdout, fresh.stderr]) stream?.setEncoding('utf8').on('data', output.add);
    child = fresh;
    return fresh;
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!runs(child)) return;
    const ended = once(child, 'exit');
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
        if (await isLive(port)) return;
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

function keepLines(limit: number): { add(text: string): void; text(): string } {
  let lines: string[] = [''];
  return {
    add: (text) => {
      const [first = '', ...rest] = text.split('\n');
      lines.push((lines.pop() ?? '') + first, ...rest);
      lines = lines.slice(-limit);
    },
    text: () => lines.join('\n'),
  };
}
