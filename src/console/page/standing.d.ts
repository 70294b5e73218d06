// Owns the shapes of how things stand: participants, the instance, its live figures, the hottest SKUs.
import type { Moment } from './shapes.d.ts';

export interface Participant {
  readonly name: string;
  readonly url: string;
  readonly timeoutMs: number;
  readonly maxConcurrency: number;
  readonly retry: { readonly initialMs: number; readonly maxMs: number; readonly attentionAfter: number };
  readonly breaker: 'closed' | 'probing' | 'open' | null;
  readonly queueDepth: number;
  readonly inFlight: number;
  readonly waiting: number;
  readonly overdue: number;
  readonly attempts: { readonly done: number; readonly refused: number; readonly notYet: number; readonly failed: number };
  readonly p99Ms: number | null;
}

export type OpenState = 'TRYING' | 'TRIED' | 'CONFIRMING' | 'CANCELLING';

export interface Overview {
  readonly at: Moment | number;
  readonly version: string;
  readonly uptimeMs: number;
  readonly health: { readonly postgres: string; readonly redis: string };
  readonly transactions: {
    readonly open: Readonly<Record<OpenState, number>>;
    readonly oldestAgeS: Readonly<Record<OpenState, number | null>>;
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
  readonly workers: number;
}

/** One second of the live figures. A figure that is not known is null. */
export interface LiveSample {
  readonly at: Moment | number;
  readonly requestsPerS: number | null;
  readonly errorsPerS: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly triesPerS: number | null;
  readonly confirmsPerS: number | null;
  readonly cancelsPerS: number | null;
  readonly expiriesPerS: number | null;
  readonly reservedPerS: number | null;
  readonly deductedPerS: number | null;
  readonly laneDepth: number | null;
  readonly open: number | null;
  readonly needsAttention: number | null;
  readonly drift: number | null;
}

export interface HotItem {
  readonly sku: string;
  readonly warehouse: string;
  readonly reservedPerS: number;
  readonly triesPerS: number;
  readonly shortagesPerS: number;
}
