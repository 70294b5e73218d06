// Owns how much stock one caller may hold reserved at a time, in all and of one SKU, against those who hoard. What PostgreSQL said of a
// caller a moment ago, and what was let through here since, make an upper bound: where a Try fits under it, nothing is asked. Only one
// that does not fit waits for a look, which makes the bound exact; so within one process nobody ever holds more, and nobody is refused
// who holds less. What other processes let through since the last look is not known here: a look is good for a second.
import type { Command, Coordinator, TryCommand, VerdictOf } from '../coordinator/command.ts';
import type { TransactionId } from '../coordinator/model.ts';
import { type Problem, problem } from '../errors.ts';

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
  readonly now?: () => number;
}

/** How long what others let through may be unknown. */
const GOOD_FOR_MS = 1_000;
/** I12. The bound of one that is forgotten is looked up again. */
const MOST_HOLDERS = 10_000;

interface Holder {
  /** By SKU: what was seen, and what was let through since. */
  held: Map<string, number>;
  total: number;
  lookedAt: number;
  looking: Promise<void> | null;
  readonly underWay: Set<Promise<void>>;
}

type Admitted =
  /** `end` once it is over: whether it holds what it asked for now. */
  { readonly ok: true; readonly end: (isHeld: boolean) => void } | { readonly ok: false; readonly problem: Problem };

/** Stands in front of the lanes. */
export class HoldingLimit implements Coordinator {
  readonly #options: HoldingOptions;
  readonly #now: () => number;
  readonly #holders = new Map<string, Holder>();

  constructor(options: HoldingOptions) {
    this.#options = options;
    this.#now = options.now ?? performance.now.bind(performance);
  }

  submit<C extends Command>(command: C): Promise<VerdictOf<C>> {
    if (command.kind !== 'try' || command.holder === undefined) return this.#options.coordinator.submit(command);
    // The verdict of a Try is what VerdictOf makes of it; the compiler does not see that C is one.
    return this.#try(command, command.holder) as Promise<VerdictOf<C>>;
  }

  async #try(command: TryCommand, name: string): Promise<VerdictOf<TryCommand>> {
    const holder = this.#holderOf(name);
    const admitted = await this.#admit(holder, name, command);
    if (!admitted.ok) {
      const isReplay = command.idGiven && (await this.#options.isKnown(command.id));
      return isReplay ? this.#options.coordinator.submit(command) : { ok: false, replayed: false, problem: admitted.problem };
    }
    let isHeld = true;
    try {
      const verdict = await this.#options.coordinator.submit(command);
      isHeld = verdict.ok && !verdict.replayed;
      return verdict;
    } finally {
      // Where it is not known what became of it, the bound stays high until the next look.
      admitted.end(isHeld);
    }
  }

  /** What is let through is counted, and under way, from that very moment. */
  async #admit(holder: Holder, name: string, command: TryCommand): Promise<Admitted> {
    for (let hasLooked = false; ; hasLooked = true) {
      while (holder.looking !== null) await holder.looking;
      const isFresh = this.#now() - holder.lookedAt < GOOD_FOR_MS;
      const refusal = this.#refusalOf(holder, command);
      if (refusal === null && isFresh) {
        return letThrough(holder, command);
      }
      if (refusal !== null && hasLooked) return { ok: false, problem: refusal };
      holder.looking = this.#look(holder, name).finally(() => {
        holder.looking = null;
      });
      await holder.looking;
    }
  }

  /** Nobody is let through meanwhile, and what was is over: so all of it is seen, and nothing twice. */
  async #look(holder: Holder, name: string): Promise<void> {
    await Promise.all(holder.underWay);
    const held = await this.#options.heldBy(name);
    holder.held = new Map(held);
    holder.total = [...held.values()].reduce((sum, quantity) => sum + quantity, 0);
    holder.lookedAt = this.#now();
  }

  #refusalOf(holder: Holder, { items }: TryCommand): Problem | null {
    const { limit, limitPerSku } = this.#options;
    const wanted = items.reduce((sum, { quantity }) => sum + quantity, 0);
    if (limit > 0 && holder.total + wanted > limit) return overLimit('in all', holder.total, wanted, limit);
    if (limitPerSku === 0) return null;
    for (const [sku, quantity] of bySku(items)) {
      const held = holder.held.get(sku) ?? 0;
      if (held + quantity > limitPerSku) return overLimit(`of ${sku}`, held, quantity, limitPerSku);
    }
    return null;
  }

  #holderOf(name: string): Holder {
    const known = this.#holders.get(name);
    if (known !== undefined) return known;
    if (this.#holders.size >= MOST_HOLDERS) this.#forgetOne();
    const holder = {
      held: new Map(),
      total: 0,
      lookedAt: Number.NEGATIVE_INFINITY,
      looking: null,
      underWay: new Set<Promise<void>>(),
    };
    this.#holders.set(name, holder);
    return holder;
  }

  /** One that nothing hangs on. */
  #forgetOne(): void {
    for (const [name, { looking, underWay }] of this.#holders) {
      if (looking !== null || underWay.size > 0) continue;
      this.#holders.delete(name);
      return;
    }
  }
}

function letThrough(holder: Holder, command: TryCommand): Admitted {
  const { promise, resolve } = Promise.withResolvers<void>();
  holder.underWay.add(promise);
  add(holder, command, 1);
  const end = (isHeld: boolean): void => {
    if (!isHeld) add(holder, command, -1);
    holder.underWay.delete(promise);
    resolve();
  };
  return { ok: true, end };
}

function add(holder: Holder, { items }: TryCommand, sign: 1 | -1): void {
  for (const { sku, quantity } of items) {
    holder.held.set(sku, (holder.held.get(sku) ?? 0) + sign * quantity);
    holder.total += sign * quantity;
  }
}

function bySku(items: TryCommand['items']): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { sku, quantity } of items) sums.set(sku, (sums.get(sku) ?? 0) + quantity);
  return sums;
}

function overLimit(what: string, held: number, wanted: number, limit: number): Problem {
  return problem(
    'rate-limited',
    `This key holds ${held} units ${what} and asks for ${wanted} more, where it may hold ${limit}. Confirm or cancel some first.`,
  );
}
