// Owns the deadlines' wake-ups: BullMQ delayed jobs, one per bucket of time and not one per transaction, which would cost
// more than the transaction. A job says only "sweep now"; what is due, PostgreSQL says. Losing, doubling or delaying jobs
// changes no outcome (I10).
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { BLOCKING_OPTIONS, COMMAND_OPTIONS, connect } from './redis.ts';

export interface DeadlineOptions {
  readonly redisUrl: string;
  /** Several deployments may share a Redis server: each has its own database, and its own prefix here. */
  readonly prefix: string;
  /** A bucket's time has come. */
  readonly onDue: () => Promise<void>;
  readonly onFault: (error: unknown) => void;
}

const QUEUE = 'deadlines';
/** How much later than its deadline a release may be rung for; with the sweep it stays well below 1 s (rule 5). */
const BUCKET_MS = 200;
/** I12: how many armed buckets are remembered. Forgetting one only means that its job is added again, under the same id. */
const REMEMBERED_BUCKETS = 20_000;
/** So that the database's clock has surely passed the bucket's end when the job runs. */
const MARGIN_MS = 5;

export class Deadlines {
  readonly #queue: Queue;
  readonly #worker: Worker;
  readonly #commands: Redis;
  readonly #blocking: Redis;
  readonly #options: DeadlineOptions;
  readonly #armed = new Set<number>();

  constructor(options: DeadlineOptions) {
    this.#options = options;
    this.#commands = connect(options.redisUrl, COMMAND_OPTIONS, options.onFault);
    this.#blocking = connect(options.redisUrl, BLOCKING_OPTIONS, options.onFault);
    const { prefix } = options;
    this.#queue = new Queue(QUEUE, { connection: this.#commands, prefix, skipWaitingForReady: true, skipVersionCheck: true });
    this.#queue.on('error', options.onFault);
    this.#worker = new Worker(QUEUE, () => options.onDue(), {
      connection: this.#blocking,
      prefix,
      concurrency: 1,
      skipVersionCheck: true,
    });
    this.#worker.on('error', options.onFault);
  }

  /**
   * Sees to a wake-up for each deadline; returns at once.
   * @param deadlines in ms since 1970, by the database's clock
   * @param now the same clock, when they were stored: this process's own may be wrong by hours
   */
  arm(deadlines: readonly number[], now: number): void {
    for (const deadline of deadlines) {
      const bucket = Math.ceil(deadline / BUCKET_MS);
      if (this.#armed.has(bucket)) continue;
      this.#remember(bucket);
      const delay = Math.max(0, bucket * BUCKET_MS - now + MARGIN_MS);
      this.#queue
        .add('sweep', {}, { delay, jobId: `bucket-${bucket}`, removeOnComplete: true, removeOnFail: true })
        .catch((error: unknown) => {
          // The sweep finds it; the next deadline in this bucket may try again.
          this.#armed.delete(bucket);
          this.#options.onFault(error);
        });
    }
  }

  /** Resolves where Redis answers, rejects where there is no connection to it. */
  async ping(): Promise<void> {
    await this.#commands.ping();
  }

  /** Takes no further job and lets go of Redis, there or not. */
  async stop(): Promise<void> {
    await Promise.allSettled([within(this.#worker.close(), 2000), within(this.#queue.close(), 2000)]);
    this.#commands.disconnect();
    this.#blocking.disconnect();
  }

  #remember(bucket: number): void {
    if (this.#armed.size >= REMEMBERED_BUCKETS) {
      const [oldest] = this.#armed;
      if (oldest !== undefined) this.#armed.delete(oldest);
    }
    this.#armed.add(bucket);
  }
}

/** BullMQ's close waits for Redis; a Redis that is gone must not hold up the shutdown. */
function within(work: Promise<unknown>, ms: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
