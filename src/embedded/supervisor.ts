// Owns keeping one embedded server running: it starts it, waits until it serves, and starts it again when it dies by itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Account } from './account.ts';
import { endProcessesIn, type StopPlan } from './leftovers.ts';

/** What the embedded servers report to; a pino logger fits. */
export interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** How one kind of server is run. */
export interface ServerRecipe {
  readonly name: string;
  readonly account: Account;
  readonly program: string;
  readonly args: readonly string[];
  /** The real path of its data folder, which it makes its working directory. */
  readonly folder: string;
  /** What its processes are called, see leftovers.ts. */
  readonly programs: readonly string[];
  readonly logFile: string;
  readonly stopPlan: StopPlan;
  /** Whether it serves now. Asked again and again while it starts. */
  isReady(pid: number): Promise<boolean>;
}

export interface RunningServer {
  /** The process that leads it; null while it is being started again. */
  pid(): number | null;
  /**
   * Ends it, in its own time.
   * @param withinMs how long it may take for that; then it is hurried and, shortly after, killed. What it has acknowledged is
   *   safe all the same; the next start takes longer
   */
  stop(withinMs?: number): Promise<void>;
}

const READY_POLL_MS = 15;
/** Crash recovery reads up to max_wal_size of log; a slow disk may need minutes, and giving up would help nobody. */
const READY_LIMIT_MS = 600_000;
const BACKOFF_FIRST_MS = 50;
const BACKOFF_LIMIT_MS = 5_000;
/** A server that served this long is no longer failing in a row. */
const STEADY_MS = 30_000;
const HURRY_MS = 250;
const LOG_FILE_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Ends what an earlier life left in the server's folder, starts the server, and keeps it running until stop().
 * @throws Error with the last lines of the server's own log where the first start fails; later failures are retried for ever
 */
export async function keepRunning(recipe: ServerRecipe, log: Log): Promise<RunningServer> {
  const ended = await endProcessesIn(recipe.folder, recipe.programs, recipe.stopPlan);
  if (ended > 0) log.warn({ server: recipe.name, processes: ended }, 'stopped what an earlier run had left running');
  const supervisor = new Supervisor(recipe, log);
  await supervisor.begin();
  return supervisor;
}

class Supervisor implements RunningServer {
  readonly #recipe: ServerRecipe;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #child: ChildProcess | null = null;
  #restarting: Promise<void> = Promise.resolve();
  #failuresInARow = 0;

  constructor(recipe: ServerRecipe, log: Log) {
    this.#recipe = recipe;
    this.#log = log;
  }

  async begin(): Promise<void> {
    try {
      this.#watch(await launch(this.#recipe));
    } catch (error) {
      await endProcessesIn(this.#recipe.folder, this.#recipe.programs, []);
      throw error;
    }
  }

  pid(): number | null {
    return this.#child?.pid ?? null;
  }

  async stop(withinMs?: number): Promise<void> {
    this.#stopping.abort();
    await this.#restarting;
    const { folder, programs, stopPlan } = this.#recipe;
    const hurried =
      withinMs === undefined ? stopPlan : stopPlan.map((step, index) => ({ ...step, waitMs: index === 0 ? withinMs : HURRY_MS }));
    await endProcessesIn(folder, programs, hurried);
    this.#child = null;
  }

  #watch(child: ChildProcess): void {
    this.#child = child;
    const since = performance.now();
    child.unref();
    const died = (): void => {
      this.#child = null;
      if (this.#stopping.signal.aborted) return;
      if (performance.now() - since > STEADY_MS) this.#failuresInARow = 0;
      this.#log.error(
        { server: this.#recipe.name, exitCode: child.exitCode, signal: child.signalCode },
        'the embedded server died',
      );
      this.#restarting = this.#restart();
    };
    if (child.exitCode !== null || child.signalCode !== null) died();
    else child.once('exit', died);
  }

  async #restart(): Promise<void> {
    const { name, folder, programs } = this.#recipe;
    while (!this.#stopping.signal.aborted) {
      const backoffMs = Math.min(BACKOFF_FIRST_MS * 2 ** this.#failuresInARow, BACKOFF_LIMIT_MS);
      this.#failuresInARow += 1;
      await delay(backoffMs, undefined, { ref: false, signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      try {
        // The children of a killed server may outlive it for a moment and keep a new one from starting.
        await endProcessesIn(folder, programs, []);
        this.#watch(await launch(this.#recipe, this.#stopping.signal));
        this.#log.warn({ server: name, pid: this.pid() }, 'the embedded server runs again');
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#log.error({ server: name, error: String(error) }, 'the embedded server could not be started again; trying on');
      }
    }
  }
}

/** Starts the server in a session of its own, so that Ctrl-C reaches the coordinator alone, which then stops it in order. */
export async function launch(recipe: ServerRecipe, signal?: AbortSignal): Promise<ChildProcess> {
  rotate(recipe.logFile);
  const output = openSync(recipe.logFile, 'a', 0o600);
  const { program, args, identity } = recipe.account.command(recipe.program, recipe.args);
  const child = spawn(program, args, {
    cwd: recipe.folder,
    detached: true,
    stdio: ['ignore', output, output],
    // Nothing of the coordinator's environment is a server's business; some of it (PGDATA, secrets) would do harm.
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    ...identity,
  });
  closeSync(output);
  let failure: string | null = null;
  child.once('error', (error) => {
    failure = error.message;
  });
  child.once('exit', (code, killedBy) => {
    failure ??= `it ended with ${killedBy ?? `code ${code}`}`;
  });
  const deadline = performance.now() + READY_LIMIT_MS;
  while (failure === null && !signal?.aborted && performance.now() < deadline) {
    if (child.pid !== undefined && (await recipe.isReady(child.pid))) return child;
    await delay(READY_POLL_MS);
  }
  failure ??= signal?.aborted ? 'it was asked to stop' : `it was not ready within ${READY_LIMIT_MS / 1_000} s`;
  throw new Error(
    `The embedded ${recipe.name} did not start: ${failure}. Its log (${recipe.logFile}) ends:\n${lastLines(recipe.logFile)}`,
  );
}

/** One old log is kept; so the two together have a bound. */
function rotate(logFile: string): void {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_FILE_LIMIT_BYTES) renameSync(logFile, `${logFile}.old`);
}

function lastLines(logFile: string): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
}
