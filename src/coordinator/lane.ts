// Owns the queue before the ledger and the group commit: whatever waits when a batch may start goes into it. No timer: a lone
// command has no added delay, and a crowd shares one commit. I12: the queue and the batch are bounded.
//
// Where many wait, a second batch goes off before the first is back: while PostgreSQL works on one, this process reads the
// answers of the other. Where few wait, that would only make two small commits of one.
import { type Problem, problem } from '../errors.ts';
import { type Route, settleBatch } from './batch.ts';
import { type Command, type Coordinator, orderingKey, type Refused, type Verdict, type VerdictOf } from './command.ts';
import type { Effects } from './effects.ts';
import { type Ledger, LedgerFault } from './ledger.ts';
import { type BatchObserver, type LaneObserver, SILENT, type Submitted } from './observer.ts';
import { TracedLedger } from './traced-ledger.ts';
import { type BatchTracer, type LaneTracer, UNTRACED } from './tracer.ts';

export interface LaneOptions {
  /** Commands that may wait; one more is refused as overloaded at once. */
  readonly queueLimit: number;
  /** Commands that share a commit. */
  readonly batchLimit: number;
  readonly route?: Route;
  /** How many must wait for a second batch to go off beside the first. */
  readonly secondBatchFrom?: number;
  /** How long a command waits for a database that does not answer, in ms. */
  readonly patienceMs: number;
  /** Told of what must be done about what was stored. */
  readonly onEffects: (effects: Effects, now: number) => void;
  /** Told of what went wrong and was retried, or could not be: the fault, how many commands it struck, and the first of them. */
  readonly onFault: (fault: unknown, commands: number, first: Command | null) => void;
  readonly observer?: LaneObserver;
  readonly tracer?: LaneTracer;
}

/** Who is told of a batch. */
interface Telling {
  readonly observer: BatchObserver;
  readonly tracer: BatchTracer | null;
}

interface Waiting extends Submitted {
  readonly resolve: (verdict: Verdict) => void;
  readonly reject: (error: unknown) => void;
}

/** PostgreSQL is never idle with two; more would only make them smaller. */
export const BATCHES_UNDER_WAY = 2;
/** How many must wait for a second batch to be worth its own commit: a batch costs PostgreSQL about as much as 20 commands. */
const SECOND_BATCH_FROM = 100;

/** Four items cost PostgreSQL about what a command costs besides them. */
const ITEMS_PER_WEIGHT = 4;

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;
/** A conflict is another's progress, so it is rare twice in a row. */
const CONFLICT_LIMIT = 20;
const RIVALLED = 'Another instance is at work on the same again and again. Send the same again.';

export class Lane implements Coordinator {
  readonly #ledger: Ledger;
  readonly #options: LaneOptions;
  readonly #observer: LaneObserver;
  #queue: Waiting[] = [];
  /** Those of the batches under way that are not answered yet. */
  readonly #unanswered = new Set<Waiting>();
  /** What the batches under way are about: a command on the same waits, so that they take effect in order. */
  readonly #keysUnderWay = new Set<string>();
  #batchesUnderWay = 0;
  /** What the queue weighs, see weightOf. */
  #queued = 0;
  #scheduled = false;
  #watch: NodeJS.Timeout | null = null;
  #closed = false;
  #idle: (() => void)[] = [];

  constructor(ledger: Ledger, options: LaneOptions) {
    this.#ledger = ledger;
    this.#options = options;
    this.#observer = options.observer ?? SILENT;
  }

  /**
   * Queues a command and answers once its outcome is durable (I6).
   * Refused as `overloaded` where the queue is full or closed, as `database-unavailable` where PostgreSQL did not answer in
   * time; rejects only for faults of ours.
   */
  submit<C extends Command>(command: C): Promise<VerdictOf<C>> {
    if (this.#closed || this.#queued >= this.#options.queueLimit) {
      const why = this.#closed ? 'This coordinator is shutting down.' : `${this.#queue.length} commands are waiting already.`;
      const verdict = refused(problem('overloaded', why));
      this.#observer.dismissed({ command, since: performance.now() }, verdict);
      return Promise.resolve(verdict as VerdictOf<C>);
    }
    return new Promise<Verdict>((resolve, reject) => {
      this.#queue.push({ command, since: performance.now(), resolve, reject });
      this.#queued += weightOf(command);
      this.#schedule();
    }) as Promise<VerdictOf<C>>;
  }

  /** How many commands wait. */
  get depth(): number {
    return this.#queue.length;
  }

  /** Takes no more commands, and resolves once all that were taken are answered. */
  close(): Promise<void> {
    this.#closed = true;
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** What arrives in the same turn of the event loop, from however many sockets, shares the batch. */
  #schedule(): void {
    if (this.#scheduled || !this.#mayStart()) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const batch = this.#mayStart() ? this.#takeBatch() : [];
      if (batch.length > 0) {
        void this.#carry(batch);
        this.#schedule();
      } else if (this.#isIdle()) this.#rest();
      // Otherwise all who wait, wait for a batch under way; its end asks again.
    });
  }

  #mayStart(): boolean {
    if (this.#batchesUnderWay === 0) return this.#queue.length > 0;
    return (
      this.#batchesUnderWay < BATCHES_UNDER_WAY && this.#queue.length >= (this.#options.secondBatchFrom ?? SECOND_BATCH_FROM)
    );
  }

  async #carry(batch: readonly Waiting[]): Promise<void> {
    const keys = new Set(batch.map((waiting) => orderingKey(waiting.command)));
    for (const key of keys) this.#keysUnderWay.add(key);
    for (const waiting of batch) this.#unanswered.add(waiting);
    this.#batchesUnderWay += 1;
    this.#watch ??= setInterval(() => this.#dismissImpatient(), this.#options.patienceMs / 10);
    const observer = this.#observer.batchBegun(batch, performance.now());
    const tracer = (this.#options.tracer ?? UNTRACED).batchBegun(batch);
    await this.#settle(batch, false, { observer, tracer });
    tracer?.ended();
    observer.ended();
    this.#batchesUnderWay -= 1;
    for (const key of keys) this.#keysUnderWay.delete(key);
    this.#schedule();
    if (this.#isIdle()) this.#rest();
  }

  #isIdle(): boolean {
    return this.#batchesUnderWay === 0 && this.#queue.length === 0;
  }

  #rest(): void {
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#watch = null;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Takes from the front, but leaves what must wait for a batch under way, and what must wait for that. */
  #takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    const kept: Waiting[] = [];
    const keysKept = new Set<string>();
    let weight = 0;
    let next = 0;
    for (; next < this.#queue.length && weight < this.#options.batchLimit; next += 1) {
      const waiting = this.#queue[next];
      if (waiting === undefined) break;
      const key = orderingKey(waiting.command);
      if (this.#keysUnderWay.has(key) || keysKept.has(key)) {
        keysKept.add(key);
        kept.push(waiting);
      } else {
        batch.push(waiting);
        weight += weightOf(waiting.command);
      }
    }
    this.#queue = [...kept, ...this.#queue.slice(next)];
    this.#queued -= weight;
    return batch;
  }

  /**
   * Settles a batch, however often that takes. Ids make a second attempt safe even where the first was committed (I7).
   * @param again whether the commands may have been stored already
   */
  async #settle(all: readonly Waiting[], again: boolean, telling: Telling): Promise<void> {
    const isUnanswered = (waiting: Waiting): boolean => this.#unanswered.has(waiting);
    let batch = all.filter(isUnanswered);
    let conflicts = 0;
    for (let attempt = 0; batch.length > 0; attempt += 1) {
      try {
        await this.#attempt(batch, again || attempt > 0, telling);
        return;
      } catch (error) {
        batch = batch.filter(isUnanswered);
        this.#options.onFault(error, batch.length, batch[0]?.command ?? null);
        const kind = error instanceof LedgerFault ? error.kind : 'unexpected';
        telling.observer.failed(kind);
        if (kind === 'conflict') conflicts += 1;
        if (kind === 'unexpected' || conflicts > CONFLICT_LIMIT) return this.#isolate(batch, error, telling);
        await pause(attempt);
        batch = batch.filter(isUnanswered);
      }
    }
  }

  #attempt(batch: readonly Waiting[], again: boolean, { observer, tracer }: Telling): Promise<void> {
    return settleBatch(
      tracer === null ? this.#ledger : new TracedLedger(this.#ledger, tracer),
      batch.map((waiting) => waiting.command),
      again,
      {
        settled: (position, verdict) => {
          const waiting = batch[position];
          if (waiting === undefined) return;
          this.#unanswered.delete(waiting);
          observer.settled(waiting, verdict);
          tracer?.settled(waiting.command, verdict);
          waiting.resolve(verdict);
        },
        stored: this.#options.onEffects,
        accounted: (account) => observer.accounted(account),
      },
      this.#options.route,
    );
  }

  /** A batch that cannot be settled is halved until the one bad command stands alone: the others must not suffer for it. */
  async #isolate(batch: readonly Waiting[], error: unknown, telling: Telling): Promise<void> {
    const [waiting] = batch;
    if (batch.length === 1 && waiting !== undefined) {
      this.#unanswered.delete(waiting);
      if (error instanceof LedgerFault && error.kind === 'conflict')
        this.#dismiss(waiting, refused(problem('overloaded', RIVALLED)));
      else waiting.reject(error);
      return;
    }
    const middle = batch.length >> 1;
    await this.#settle(batch.slice(0, middle), true, telling);
    await this.#settle(batch.slice(middle), true, telling);
  }

  /**
   * Nobody waits longer than promised, whatever the batch under way is waiting for: PostgreSQL may hold a statement until
   * its own time is up, and those behind it would wait for that, and then for their own. What is under way may still be
   * stored; then the same id finds it (I7).
   */
  #dismissImpatient(): void {
    const latest = performance.now() - this.#options.patienceMs;
    const isPatient = (waiting: Waiting): boolean => waiting.since > latest;
    const dismissed = [...this.#unanswered, ...this.#queue].filter((waiting) => !isPatient(waiting));
    if (dismissed.length === 0) return;
    this.#queue = this.#queue.filter(isPatient);
    this.#queued = this.#queue.reduce((sum, waiting) => sum + weightOf(waiting.command), 0);
    const verdict = refused(problem('database-unavailable', 'PostgreSQL does not answer. The same id may be sent again.'));
    for (const waiting of dismissed) {
      this.#unanswered.delete(waiting);
      this.#dismiss(waiting, verdict);
    }
  }

  #dismiss(waiting: Waiting, verdict: Refused): void {
    this.#observer.dismissed(waiting, verdict);
    waiting.resolve(verdict);
  }
}

/** I12: a queue or a batch of large baskets must not be larger than one of many commands. Up to four items weigh nothing more. */
function weightOf(command: Command): number {
  const items = command.kind === 'try' || command.kind === 'confirm' || command.kind === 'refund' ? command.items : null;
  const branches = command.kind === 'try' ? command.branches.length : 0;
  return Math.max(1, (items?.length ?? 0) / ITEMS_PER_WEIGHT + branches);
}

function refused(refusal: Problem): Refused {
  return { ok: false, replayed: false, problem: refusal };
}

function pause(attempt: number): Promise<void> {
  const ms = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
  return new Promise((resolve) => setTimeout(resolve, ms));
}
