// Owns counts that several processes keep together, in Redis. Away, it fails at once, and each counts alone (I10).
import type { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { SharedCounts } from '../access/rates.ts';
import { COMMAND_OPTIONS, connect } from './redis.ts';

/** As long as a window may still be told of, and a bit. */
const KEPT_S = 5;

export class RedisCounts implements SharedCounts {
  readonly #redis: Redis;
  readonly #counter: RateLimiterRedis;

  /** @param prefix tells deployments that share a Redis apart */
  constructor(redisUrl: string, prefix: string, onFault: (error: unknown) => void) {
    this.#redis = connect(redisUrl, COMMAND_OPTIONS, onFault);
    // It only adds up here: what may pass, each process decides by itself.
    this.#counter = new RateLimiterRedis({
      storeClient: this.#redis,
      keyPrefix: `${prefix}-rates`,
      points: Number.MAX_SAFE_INTEGER,
      duration: KEPT_S,
    });
  }

  async add(counts: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>> {
    const totals = [...counts].map(async ([key, count]) => {
      const { consumedPoints } = await this.#counter.penalty(key, count);
      return [key, consumedPoints] as const;
    });
    return new Map(await Promise.all(totals));
  }

  close(): void {
    this.#redis.disconnect();
  }
}
