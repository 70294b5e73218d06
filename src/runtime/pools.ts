// Owns the connections to PostgreSQL of one process, each pool with its purpose: what waits in one never holds up another.
import type { Config } from '../config.ts';
import { Pool } from '../ledger/pool.ts';
import type { Warn } from './throttled.ts';

export type Pools = ReturnType<typeof openPools>;

export function openPools(config: Config, databaseUrl: string, warn: Warn) {
  const options = {
    databaseUrl,
    timeoutMs: config.databaseTimeoutMs,
    onFault: (err: unknown) => warn({ err }, 'a database connection broke'),
  };
  return {
    options,
    reads: new Pool({ ...options, size: config.poolSize, applicationName: 'holdfast reads' }),
    // One for the sweep, one for waiting callers' news and for probes.
    inner: new Pool({ ...options, size: 2, applicationName: 'holdfast sweep' }),
    // Behind slow looks of those, the lease would run out while all is well.
    lease: new Pool({ ...options, size: 1, applicationName: 'holdfast lease' }),
    work: new Pool({ ...options, size: 2, applicationName: 'holdfast branches' }),
    // One for each of the three that work in the background: they hold theirs for as long as they are at it.
    keeping: new Pool({ ...options, size: 3, applicationName: 'holdfast keeping' }),
  };
}

export function poolsOf({ reads, inner, lease, work, keeping }: Pools): readonly Pool[] {
  return [reads, inner, lease, work, keeping];
}

export async function endPools(pools: Pools): Promise<void> {
  await Promise.all(poolsOf(pools).map((pool) => pool.end()));
}
