// Owns putting together what works on the ledger in the background: the reconciler, retention, the chaining of the audit.
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { Chaining } from '../keeping/chaining.ts';
import { Reconciler } from '../keeping/reconciler.ts';
import { Retention } from '../keeping/retention.ts';
import { PostgresKeeping } from '../ledger/keeping.ts';
import type { Pool } from '../ledger/pool.ts';
import type { Measuring } from './measuring.ts';
import type { Warn } from './throttled.ts';

/** In one process of an instance; of several instances, one at a time is at it. */
export function startKeeping(config: Config, pool: Pool, measuring: Measuring, log: Logger, warn: Warn, slot: number | null) {
  if (slot !== null && slot !== 1) return [];
  const keeping = new PostgresKeeping(pool);
  const observer = measuring.keeping();
  const reconciler = new Reconciler({
    keeping,
    observer,
    onDrift: (drift) => log.error({ drift }, 'a counter differs from its rows (I3)'),
    onTooMany: (counter) => warn({ counter }, 'the rows of a counter are too many to be added up within the database timeout'),
    onFault: (err) => warn({ err }, 'a pass over the counters failed; the next one begins anew'),
  });
  const onFault = (err: unknown): void => warn({ err }, 'the removal of old transactions failed; the next round goes on');
  const retention = config.retentionDays === 0 ? [] : [new Retention({ keeping, days: config.retentionDays, observer, onFault })];
  const chaining = new Chaining({
    keeping,
    onFault: (err) => warn({ err }, 'the chaining of the audit failed; the next round goes on'),
  });
  const keepers = [reconciler, chaining, ...retention];
  for (const keeper of keepers) keeper.start();
  return keepers;
}
