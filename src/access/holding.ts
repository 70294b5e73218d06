// Owns how much stock one caller may hold reserved at a time, in all and of one SKU, against those who hoard. What PostgreSQL said of a
// caller a moment ago, and what was let through here since, make an upper bound: where a Try fits under it, it waits for nothing. Only
// one that does not fit waits for a look, which makes the bound exact; so within one process nobody ever holds more, and nobody is
// refused who holds less. What other processes let through since the last look is not known here: while a caller is at it, a look
// beside it takes that in every second.
import type { Command, Coordinator, TryCommand, VerdictOf } from '../coordinator/command.ts';
import type { TransactionId } from '../coordinator/model.ts';
import { type Problem, problem } from '../errors.ts';
import { type Ending, type Grant, Holder } from './holder.ts';

/** Which limit refused. */
export type HoldingLimitName = 'holding' | 'holding-per-sku';

export interface HoldingOptions {
  readonly coordinator: Coordinator;
  /** Units in all; 0: any number. */
  readonly limit: number;
  /** Units of one SKU; 0: any number. */
  readonly limitPerSku: number;
  /** How much a caller holds, by SKU. */
  readonly heldBy: (holder: string) => Promise<ReadonlyMap<string, number>>;
  /** Whether a transaction is known: then a Try of it holds nothing more (I7). */
  readonly isKnown: (id: TransactionId) => Promise<boolean>;
  /** How long a Try that was given up may still be stored. */
  readonly doubtMs: number;
  readonly onRefusal?: (limit: HoldingLimitName) => void;
  readonly now?: () => number;
}

/** After that, the next Try has PostgreSQL asked beside it. */
const GOOD_FOR_MS = 1_000;
/** After that, it waits for the answer; and who has not tried for so long is forgotten. */
const STALE_MS = 2_000;
/** I12. The bound of one that is forgotten is looked up again. */
const MOST_CALLERS = 10_000;

interface Caller {
  readonly name: string;
  readonly holder: Holder;
  /** Tries of it that are here now. */
  tries: number;
  usedAt: number;
  seenAt: number;
  /** Counts the looks: an answer to any but the last is too late. */
  looks: number;
  isLookedAtBeside: boolean;
  exact: Promise<void> | null;
  /** The last exact look that PostgreSQL was asked, and the last that it answered. */
  asked: number;
  answered: number;
}

interface Refusal {
  readonly limit: HoldingLimitName;
  readonly problem: Problem;
}

type Admitted = { readonly ok: true; readonly grant: Grant } | ({ readonly ok: false } & Refusal);

/** Stands in front of the lanes. */
export class HoldingLimit implements Coordinator {
  readonly #options: HoldingOptions;
  readonly #now: () => number;
  readonly #callers = new Map<string, Caller>();
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(options: HoldingOptions) {
    this.#options = options;
    this.#now = options.now ?? performance.now.bind(performance);
  }

  /** How many callers are held in memory. */
  get remembered(): number {
    return this.#callers.size;
  }

  submit<C extends Command>(command: C): Promise<VerdictOf<C>> {
    if (command.kind !== 'try' || command.holder === undefined) return this.#options.coordinator.submit(command);
    // The verdict of a Try is what VerdictOf makes of it; the compiler does not see that C is one.
    return this.#try(command, command.holder) as Promise<VerdictOf<C>>;
  }

  async #try(command: TryCommand, name: string): Promise<VerdictOf<TryCommand>> {
    const caller = this.#callerOf(name);
    caller.tries += 1;
    try {
      const admitted = await this.#admit(caller, command);
      if (admitted.ok) return await this.#carry(caller.holder, admitted.grant, command);
      if (command.idGiven && (await this.#options.isKnown(command.id))) return await this.#options.coordinator.submit(command);
      this.#options.onRefusal?.(admitted.limit);
      return { ok: false, replayed: false, problem: admitted.problem };
    } finally {
      caller.tries -= 1;
      caller.usedAt = this.#now();
    }
  }

  async #carry(holder: Holder, grant: Grant, command: TryCommand): Promise<VerdictOf<TryCommand>> {
    let ending: Ending = 'unknown';
    try {
      const verdict = await this.#options.coordinator.submit(command);
      ending = endingOf(verdict);
      return verdict;
    } finally {
      holder.end(grant, ending, this.#now());
    }
  }

  async #admit(caller: Caller, command: TryCommand): Promise<Admitted> {
    const never = this.#refusalOf(command, NOTHING);
    if (never !== null) return { ok: false, ...never };
    const { asked } = caller;
    for (;;) {
      while (caller.exact !== null) await caller.exact;
      const refusal = this.#refusalOf(command, caller.holder);
      const ageMs = this.#now() - caller.seenAt;
      const isAnswered = caller.answered > asked;
      if (refusal !== null && isAnswered) return { ok: false, ...refusal };
      if (refusal === null && (ageMs < STALE_MS || isAnswered)) {
        if (ageMs >= GOOD_FOR_MS) this.#lookBeside(caller);
        return { ok: true, grant: caller.holder.grant(command.items) };
      }
      caller.exact = this.#lookExactly(caller).finally(() => {
        caller.exact = null;
      });
    }
  }

  /** Nobody is let through meanwhile, and what was is over: so all of it is seen, and nothing twice. All who came by then share it. */
  async #lookExactly(caller: Caller): Promise<void> {
    await caller.holder.quiet();
    caller.asked += 1;
    const { asked } = caller;
    await this.#look(caller);
    caller.answered = asked;
  }

  /** A look that fails is made again by the next Try, and before long one waits for it. */
  #lookBeside(caller: Caller): void {
    if (caller.isLookedAtBeside) return;
    caller.isLookedAtBeside = true;
    const end = (): void => {
      caller.isLookedAtBeside = false;
    };
    this.#look(caller).then(end, end);
  }

  async #look(caller: Caller): Promise<void> {
    caller.looks += 1;
    const { looks } = caller;
    const begunAt = this.#now();
    caller.holder.lookBegins(begunAt);
    const held = await this.#options.heldBy(caller.name);
    if (looks !== caller.looks) return;
    caller.holder.looked(held);
    caller.seenAt = begunAt;
  }

  #refusalOf({ items }: TryCommand, bound: Pick<Holder, 'total' | 'of'>): Refusal | null {
    const { limit, limitPerSku } = this.#options;
    const wanted = items.reduce((sum, { quantity }) => sum + quantity, 0);
    if (limit > 0 && bound.total + wanted > limit)
      return { limit: 'holding', problem: overLimit('in all', bound.total, wanted, limit) };
    if (limitPerSku === 0) return null;
    for (const [sku, quantity] of bySku(items)) {
      const held = bound.of(sku);
      if (held + quantity > limitPerSku)
        return { limit: 'holding-per-sku', problem: overLimit(`of ${sku}`, held, quantity, limitPerSku) };
    }
    return null;
  }

  #callerOf(name: string): Caller {
    const known = this.#callers.get(name);
    if (known !== undefined) return known;
    this.#forget(this.#now());
    const caller: Caller = {
      ...{ name, holder: new Holder(this.#options.doubtMs), tries: 0, looks: 0, asked: 0, answered: 0 },
      ...{ isLookedAtBeside: false, exact: null, usedAt: 0, seenAt: Number.NEGATIVE_INFINITY },
    };
    this.#callers.set(name, caller);
    return caller;
  }

  /** Whoever has not tried for a while; and, where there are too many all the same, one that nothing hangs on. */
  #forget(now: number): void {
    const isFull = this.#callers.size >= MOST_CALLERS;
    if (!isFull && now - this.#sweptAt < STALE_MS) return;
    this.#sweptAt = now;
    let [isRoom, spare]: [boolean, string | null] = [!isFull, null];
    for (const [name, { tries, usedAt, holder }] of this.#callers) {
      if (tries > 0 || holder.isDoubtful(now)) continue;
      spare ??= name;
      if (now - usedAt < STALE_MS) continue;
      this.#callers.delete(name);
      isRoom = true;
    }
    if (!isRoom && spare !== null) this.#callers.delete(spare);
  }
}

const NOTHING = { total: 0, of: () => 0 };

function endingOf(verdict: VerdictOf<TryCommand>): Ending {
  if (verdict.ok) return verdict.replayed ? 'nothing' : 'held';
  return verdict.problem.code === 'database-unavailable' ? 'unknown' : 'nothing';
}

function bySku(items: TryCommand['items']): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { sku, quantity } of items) sums.set(sku, (sums.get(sku) ?? 0) + quantity);
  return sums;
}

function overLimit(what: string, held: number, wanted: number, limit: number): Problem {
  const refused = problem(
    'rate-limited',
    `This key holds ${held} units ${what} and asks for ${wanted} more, where it may hold ${limit}. Confirm or cancel some first.`,
  );
  if (wanted <= limit) return refused;
  const detail = `This asks for ${wanted} units ${what}, where one key may hold ${limit}. It is never granted; ask for less.`;
  return { ...refused, detail, retryable: false };
}
