// Owns putting together how often callers may call, and how much they may hold: what is not set is not counted, and what no Redis adds
// up each process counts alone.
import { HoldingLimit, type HoldingLimitName } from '../access/holding.ts';
import { Rates, type RatesOptions } from '../access/rates.ts';
import type { Config } from '../config.ts';
import type { Coordinator } from '../coordinator/command.ts';
import type { Limits } from '../http/limits.ts';
import { heldBy } from '../ledger/holds.ts';
import type { Pool } from '../ledger/pool.ts';
import { PostgresQueries } from '../ledger/queries.ts';
import { RedisCounts } from '../timers/shared-counts.ts';
import { prefixOf } from './timers.ts';

/** A batch may go on for as many statements, each with its own time, after its callers were told that PostgreSQL does not answer. */
const STATEMENTS_OF_A_BATCH = 6;

/** @returns what stands in front of the lanes; the lanes themselves where nothing is limited */
export function limitHolding(
  { keyHoldLimit, keyHoldLimitPerSku, databaseTimeoutMs }: Config,
  pool: Pool,
  coordinator: Coordinator,
  onRefusal: (limit: HoldingLimitName) => void,
): Coordinator {
  if (!countsHolders({ keyHoldLimit, keyHoldLimitPerSku })) return coordinator;
  const queries = new PostgresQueries(pool);
  return new HoldingLimit({
    coordinator,
    limit: keyHoldLimit,
    limitPerSku: keyHoldLimitPerSku,
    heldBy: (holder) => heldBy(pool, holder),
    isKnown: async (id) => (await queries.transactionsById([id])).length > 0,
    doubtMs: STATEMENTS_OF_A_BATCH * databaseTimeoutMs,
    onRefusal,
  });
}

export function countsHolders({
  keyHoldLimit,
  keyHoldLimitPerSku,
}: Pick<Config, 'keyHoldLimit' | 'keyHoldLimitPerSku'>): boolean {
  return keyHoldLimit > 0 || keyHoldLimitPerSku > 0;
}

export interface RunningLimits extends Limits {
  stop(): Promise<void>;
}

export function startLimits(
  config: Config,
  databaseUrl: string,
  redisUrl: string | null,
  onFault: (error: unknown) => void,
  onRefusal: (limit: 'address' | 'key') => void,
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
    onRefusal,
    stop: async () => {
      await Promise.all([byAddress?.stop(), byKey?.stop()]);
      shared?.close();
    },
  };
}
