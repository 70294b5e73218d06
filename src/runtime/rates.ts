// Owns putting together how often callers may call: what is not set is not counted, and what no Redis adds up each process counts alone.
import { Rates, type RatesOptions } from '../access/rates.ts';
import type { Config } from '../config.ts';
import type { Limits } from '../http/limits.ts';
import { RedisCounts } from '../timers/shared-counts.ts';
import { prefixOf } from './timers.ts';

export interface RunningLimits extends Limits {
  stop(): Promise<void>;
}

export function startLimits(
  config: Config,
  databaseUrl: string,
  redisUrl: string | null,
  onFault: (error: unknown) => void,
): RunningLimits {
  const { addressRequestsPerS, keyRequestsPerS } = config;
  const isOff = addressRequestsPerS === 0 && keyRequestsPerS === 0;
  const shared = isOff || redisUrl === null ? null : new RedisCounts(redisUrl, prefixOf(databaseUrl), onFault);
  const rates = (name: string, perS: number): Rates | null => {
    if (perS === 0) return null;
    const options: RatesOptions = { name, perS, shared, onFault };
    const started = new Rates(options);
    started.start();
    return started;
  };
  const byAddress = rates('address', addressRequestsPerS);
  const byKey = rates('key', keyRequestsPerS);
  return {
    byAddress,
    byKey,
    stop: async () => {
      await Promise.all([byAddress?.stop(), byKey?.stop()]);
      shared?.close();
    },
  };
}
