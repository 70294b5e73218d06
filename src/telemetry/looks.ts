// Owns the figures that must be asked for elsewhere: how things stand by the ledger, whether PostgreSQL and Redis answer, what BullMQ
// holds. Asked only where somebody reads, and never again before many times as long has passed as the last look took.
import { OPEN_STATES, type Standing } from '../coordinator/standing.ts';
import type { Tallies } from './tallies.ts';

export interface JobCounts {
  readonly queue: string;
  readonly counts: Readonly<Record<string, number>>;
}

export interface LooksOptions {
  /** Null in a process that leaves this to another of its instance. */
  readonly standing: (() => Promise<Standing>) | null;
  readonly servers: () => Promise<{ readonly postgres: 'up' | 'down'; readonly redis: 'up' | 'down' | 'off' }>;
  /** Null as above, or where there is no Redis. */
  readonly jobs: (() => Promise<readonly JobCounts[]>) | null;
  readonly onFault: (error: unknown) => void;
}

/** So long a look is new enough. */
const FRESH_MS = 4_000;
/** Of the time, at most 2 % is spent on looks. */
const REST_FACTOR = 50;
/** Who reads waits so long for a look; it goes on behind, and the next reader has it. */
const WAIT_MS = 700;

export class Looks {
  readonly #options: LooksOptions;
  #standing: Standing | null = null;
  #jobs: readonly JobCounts[] = [];
  #servers: Awaited<ReturnType<LooksOptions['servers']>> | null = null;
  #freshUntil = 0;
  #looking: Promise<void> | null = null;

  constructor(tallies: Tallies, options: LooksOptions) {
    this.#options = options;
    this.#registerStanding(tallies);
    tallies.plainGauge('holdfast_postgres_up', () => (this.#servers === null ? null : Number(this.#servers.postgres === 'up')));
    tallies.plainGauge('holdfast_redis_up', () => {
      const redis = this.#servers?.redis;
      return redis === undefined || redis === 'off' ? null : Number(redis === 'up');
    });
    tallies.gauge('holdfast_timer_jobs', () =>
      this.#jobs.flatMap(({ queue, counts }) => Object.entries(counts).map(([state, count]) => [[queue, state], count] as const)),
    );
  }

  /** Resolves once the figures are fresh, or have taken too long to become so. */
  async refresh(): Promise<void> {
    if (performance.now() < this.#freshUntil) return;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    let late: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      late = setTimeout(resolve, WAIT_MS);
    });
    await Promise.race([this.#looking, tooLong]);
    clearTimeout(late);
  }

  async #look(): Promise<void> {
    const { standing, servers, jobs, onFault } = this.#options;
    const begun = performance.now();
    // What cannot be asked is unknown, and shown as nothing rather than as it was.
    const orNull = <T>(asked: Promise<T> | undefined): Promise<T | null> =>
      asked === undefined
        ? Promise.resolve(null)
        : asked.catch((error: unknown) => {
            onFault(error);
            return null;
          });
    const [stands, up, counted] = await Promise.all([orNull(standing?.()), orNull(servers()), orNull(jobs?.())]);
    this.#standing = stands;
    this.#servers = up;
    this.#jobs = counted ?? [];
    const now = performance.now();
    this.#freshUntil = now + Math.max(FRESH_MS, (now - begun) * REST_FACTOR);
  }

  #registerStanding(tallies: Tallies): void {
    const stands = (): Standing | null => this.#standing;
    tallies.gauge('holdfast_transactions_open', () => {
      const open = stands()?.open;
      return open === undefined ? [] : OPEN_STATES.map((state) => [[state], open[state]?.count ?? 0]);
    });
    tallies.gauge('holdfast_transactions_oldest_age_seconds', () => {
      const open = stands()?.open;
      return open === undefined ? [] : OPEN_STATES.map((state) => [[state], (open[state]?.oldestAgeMs ?? 0) / 1000]);
    });
    tallies.plainGauge('holdfast_transactions_needing_attention', () => stands()?.needingAttention ?? null);
    tallies.plainGauge('holdfast_expiry_backlog', () => stands()?.due.count ?? null);
    tallies.plainGauge('holdfast_expiry_lag_seconds', () => {
      const due = stands()?.due;
      return due === undefined ? null : due.lagMs / 1000;
    });
    tallies.gauge('holdfast_branches_waiting', () => stands()?.waiting.map((one) => [[one.participant], one.count]) ?? []);
    tallies.gauge('holdfast_branches_overdue', () => stands()?.waiting.map((one) => [[one.participant], one.overdue]) ?? []);
  }
}
