// Owns the console's first look at an instance, worked out from its figures. Pure.
import { OPEN_STATES, type OpenState } from '../coordinator/standing.ts';
import type { Readiness } from '../http/context.ts';
import type { Figures } from '../telemetry/snapshot.ts';
import { driftOf, mostOf, processesIn, sumOf, valuesOf, withLabels } from './figures.ts';

export interface Overview {
  readonly at: string;
  readonly version: string;
  readonly uptimeMs: number;
  readonly health: Readiness;
  readonly transactions: {
    readonly open: Readonly<Record<OpenState, number>>;
    readonly oldestAgeS: Readonly<Record<OpenState, number>>;
    readonly needsAttention: number;
  };
  readonly expiry: { readonly lagS: number; readonly backlog: number };
  readonly drift: number | null;
  readonly lanes: readonly { readonly lane: string; readonly depth: number; readonly limit: number }[];
  readonly pools: readonly {
    readonly pool: string;
    readonly used: number;
    readonly idle: number;
    readonly max: number;
    readonly waiting: number;
  }[];
  readonly timers: readonly {
    readonly queue: string;
    readonly delayed: number;
    readonly waiting: number;
    readonly active: number;
    readonly failed: number;
  }[];
  /** How many processes told of themselves. */
  readonly workers: number;
}

/** What figures do not tell. */
export interface Instance {
  readonly version: string;
  readonly uptimeMs: number;
  readonly health: Readiness;
}

export function overviewOf(figures: Figures, { version, uptimeMs, health }: Instance): Overview {
  return {
    at: new Date(figures.at).toISOString(),
    version,
    uptimeMs: Math.round(uptimeMs),
    health,
    transactions: {
      open: byState((state) => mostOf(figures, 'holdfast_transactions_open', withLabels({ state }))),
      oldestAgeS: byState((state) => mostOf(figures, 'holdfast_transactions_oldest_age_seconds', withLabels({ state }))),
      needsAttention: mostOf(figures, 'holdfast_transactions_needing_attention') ?? 0,
    },
    expiry: {
      lagS: mostOf(figures, 'holdfast_expiry_lag_seconds') ?? 0,
      backlog: mostOf(figures, 'holdfast_expiry_backlog') ?? 0,
    },
    drift: driftOf(figures),
    ...partsOf(figures),
    workers: processesIn(figures).size,
  };
}

/** Lanes, connections and queues, those of all processes added up. */
function partsOf(figures: Figures): Pick<Overview, 'lanes' | 'pools' | 'timers'> {
  return {
    lanes: valuesOf(figures, 'holdfast_lane_depth', 'lane').map((lane) => ({
      lane,
      depth: sumOf(figures, 'holdfast_lane_depth', withLabels({ lane })) ?? 0,
      limit: sumOf(figures, 'holdfast_lane_limit', withLabels({ lane })) ?? 0,
    })),
    pools: valuesOf(figures, 'db_client_connection_max', 'db_client_connection_pool_name').map((pool) => {
      const named = { db_client_connection_pool_name: pool };
      const count = (state: string): number =>
        sumOf(figures, 'db_client_connection_count', withLabels({ ...named, db_client_connection_state: state })) ?? 0;
      return {
        pool,
        used: count('used'),
        idle: count('idle'),
        max: sumOf(figures, 'db_client_connection_max', withLabels(named)) ?? 0,
        waiting: sumOf(figures, 'db_client_connection_pending_requests', withLabels(named)) ?? 0,
      };
    }),
    timers: valuesOf(figures, 'holdfast_timer_jobs', 'queue').map((queue) => {
      const count = (state: string): number => mostOf(figures, 'holdfast_timer_jobs', withLabels({ queue, state })) ?? 0;
      return {
        queue,
        delayed: count('delayed'),
        waiting: count('waiting'),
        active: count('active'),
        failed: count('failed'),
      };
    }),
  };
}

/** What the ledger tells is the same for all processes, whichever of them tells it; so it is not added up. */
function byState(read: (state: OpenState) => number | null): Record<OpenState, number> {
  const [TRYING, TRIED, CONFIRMING, CANCELLING] = OPEN_STATES.map((state) => read(state) ?? 0);
  return { TRYING: TRYING ?? 0, TRIED: TRIED ?? 0, CONFIRMING: CONFIRMING ?? 0, CANCELLING: CANCELLING ?? 0 };
}
