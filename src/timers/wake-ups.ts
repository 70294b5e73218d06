// Owns the wake-ups for deadlines and for retries: BullMQ delayed jobs, one per bucket of time and not one per transaction, which
// would cost more than the transaction. A job says only "look now"; what is due, PostgreSQL says. Losing, doubling or delaying
// jobs changes no outcome (I10).
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { BLOCKING_OPTIONS, COMMAND_OPTIONS, connect } from './redis.ts';

export interface WakeUpOptions {
  /** What they are for; each has a queue of its own in BullMQ. */
  readonly queue: 'deadlines' | 'retries';
  /** How much later than asked for it may ring: that much time shares a job. */
  readonly bucketMs: number;
  readonly redisUrl: string;
  /** Several deployments may share a Redis server: each has its own database, and its own prefix here. */
  readonly prefix: string;
  /** A bucket's time has come. */
  readonly onDue: () => Promise<void>;
  readonly onFault: (error: unknown) => void;
}

/** I12: how many armed buckets are remembered. Forgetting one only means that its job is added again, under the same id. */
const REMEMBERED_BUCKETS = 20_000;
/** So that the database's clock has surely passed the bucket's end when the job runs. */
const MARGIN_MS = 5;

export class WakeUps {
  readonly #queue: Queue;
  readonly #worker: Worker;
  readonly #commands: Redis;
  readonly #blocking: Redis;
  readonly #options: WakeUpOptions;
  readonly #armed = new Set<number>();

  constructor(options: WakeUpOptions) {
    this.#options = options;
    this.#commands = connect(options.redisUrl, COMMAND_OPTIONS, options.onFault);
    this.#blocking = connect(options.redisUrl, BLOCKING_OPTIONS, options.onFault);
    const { prefix } = options;
    this.#queue = new Queue(options.queue, {
      connection: this.#commands,
      prefix,
      skipWaitingForReady: true,
      skipVersionCheck: true,
    });
    this.#queue.on('error', options.onFault);
    // It must know the server's version: without, it waits in whole seconds, and rings that much late.
    this.#worker = new Worker(options.queue, () => options.onDue(), {
      connection: this.#blocking,
      prefix,
      concurrency: 1,
    });
    this.#worker.on('error', options.onFault);
  }

  /**
   * Sees to a wake-up for each time; returns at once.
   * @param times in ms since 1970, by the database's clock
   * @param now the same clock, when they were stored: this process's own may be wrong by hours
   */
  arm(times: readonly number[], now: number): void {
    const { bucketMs } = this.#options;
    for (const time of times) {
      const bucket = Math.ceil(time / bucketMs);
      if (this.#armed.has(bucket)) continue;
      this.#remember(bucket);
      const delay = Math.max(0, bucket * bucketMs - now + MARGIN_MS);
      this.#queue
        .add('look', {}, { delay, jobId: `bucket-${bucket}`, removeOnComplete: true, removeOnFail: true })
        .catch((error: unknown) => {
          // The sweep finds it; the next time in this bucket may try again.
          this.#armed.delete(bucket);
          this.#options.onFault(error);
        });
    }
  }

  /** Resolves where Redis answers, rejects where there is no connection to it. */
  async ping(): Promise<void> {
    await this.#commands.ping();
  }

  /** How many jobs BullMQ holds, by their state; rejects where Redis does not answer. */
  counts(): Promise<Readonly<Record<string, number>>> {
    return this.#queue.getJobCounts('delayed', 'waiting', 'active', 'failed');
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
