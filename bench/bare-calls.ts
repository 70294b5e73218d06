// Owns the process that makes bare calls to the participants: started once, so that its code is warm, and asked for one run
// at a time.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface BareRun {
  /** Where participant.ts listens. */
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface BareResult {
  readonly callsPerSecond: number;
  /** Answers that were not 200. */
  readonly failed: number;
  readonly sample: string;
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Of one core, over the run. */
  readonly clientCpuShare: number;
}

export class BareCaller {
  readonly #child: ChildProcess;

  constructor() {
    const env = { ...process.env, NODE_ENV: 'production' };
    this.#child = fork(fileURLToPath(new URL('./bare-loop.ts', import.meta.url)), { env });
  }

  /** One at a time. */
  async run(asked: BareRun): Promise<BareResult> {
    const ended = new AbortController();
    const answer = once(this.#child, 'message', { signal: ended.signal });
    const end = once(this.#child, 'exit', { signal: ended.signal }).then(([code]) => {
      throw new Error(`the bare calls ended (${String(code)})`);
    });
    this.#child.send(asked);
    try {
      const [result] = await Promise.race([answer, end]);
      return result as BareResult;
    } finally {
      // Whichever did not happen is waited for no more.
      ended.abort();
      await Promise.allSettled([answer, end]);
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const end = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await end;
  }
}
