// Owns putting together a lane: how it is bounded, and what is done about what it stored.
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Route } from '../coordinator/batch.ts';
import { Lane } from '../coordinator/lane.ts';
import { LedgerFault } from '../coordinator/ledger.ts';
import type { Watch } from '../coordinator/watch.ts';
import type { PostgresLedger } from '../ledger/ledger.ts';
import type { Tracing } from '../telemetry/tracing-ports.ts';
import type { Branches } from './branches.ts';
import { fieldsOfCommand } from './log-fields.ts';
import type { Measuring } from './measuring.ts';
import type { Warn } from './throttled.ts';
import type { Timers } from './timers.ts';

/** A transaction with branches passes through four batches, one after the other: what waits behind one adds up. */
const SECOND_BRANCH_BATCH_FROM = 40;

/** What the lanes are called in figures. */
export const LANE_NAMES: Readonly<Record<Route, string>> = { 'optimistic-first': 'demand', 'exact-only': 'branches' };

/** What is done about what a lane stored. */
export interface Shell {
  readonly timers: () => Timers | null;
  readonly branches: Branches;
  readonly watch: Watch;
  readonly measuring: Measuring;
  readonly tracing: Tracing | null;
}

export function newLane(
  config: Config,
  route: Route,
  ledger: PostgresLedger,
  { timers, branches, watch, measuring, tracing }: Shell,
  log: Logger,
  warn: Warn,
): Lane {
  return new Lane(ledger, {
    route,
    ...(route === 'exact-only' ? { secondBatchFrom: SECOND_BRANCH_BATCH_FROM } : {}),
    queueLimit: config.queueLimit,
    batchLimit: config.batchLimit,
    patienceMs: config.databaseTimeoutMs,
    observer: measuring.lane(LANE_NAMES[route]),
    onEffects: (effects, now) => {
      timers()?.deadlines.arm(effects.deadlines, now);
      timers()?.retries.arm(effects.retries, now);
      branches.carryOut(effects);
      watch.tell(effects.moved);
    },
    ...(tracing === null ? {} : { tracer: tracing.lane(route === 'exact-only' ? 'branches' : 'demand') }),
    onFault: (err, commands, first) => {
      const fields = { err, commands, ...fieldsOfCommand(first) };
      // Whether that commit happened is unknown, and so is whether it granted us anything.
      branches.doubt();
      if (err instanceof LedgerFault && err.kind !== 'unexpected') warn(fields, 'a batch is settled again');
      else log.error(fields, 'a batch failed unforeseen');
    },
  });
}
