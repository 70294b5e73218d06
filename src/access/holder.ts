// Owns the upper bound on what one caller holds: what PostgreSQL said last, and what was let through since. Pure: the clock and the
// looks are others'.

/** A Try that was let through. */
export interface Grant {
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
}

/** What a Try came to; `unknown`: it may still be stored. */
export type Ending = 'held' | 'nothing' | 'unknown';

export class Holder {
  readonly #doubtMs: number;
  #held = new Map<string, number>();
  #total = 0;
  readonly #underWay = new Set<Grant>();
  /** What may still be stored, and until when. */
  readonly #doubtful = new Map<Grant, number>();
  /** What the look that is under way may or may not see: counted on top of it, so that the bound is never too low. */
  #unseen: Set<Grant> | null = null;
  readonly #waiting: (() => void)[] = [];

  /** @param doubtMs how long a Try whose end is unknown may still come to hold something */
  constructor(doubtMs: number) {
    this.#doubtMs = doubtMs;
  }

  get total(): number {
    return this.#total;
  }

  of(sku: string): number {
    return this.#held.get(sku) ?? 0;
  }

  /** Counts a Try from the moment it is let through. */
  grant(items: Grant['items']): Grant {
    const grant = { items };
    this.#underWay.add(grant);
    this.#unseen?.add(grant);
    this.#add(grant, 1);
    return grant;
  }

  end(grant: Grant, ending: Ending, now: number): void {
    this.#underWay.delete(grant);
    if (ending === 'unknown') this.#doubtful.set(grant, now + this.#doubtMs);
    if (ending === 'nothing') {
      this.#unseen?.delete(grant);
      this.#add(grant, -1);
    }
    if (this.#underWay.size === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves once nothing is under way. */
  quiet(): Promise<void> {
    if (this.#underWay.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  isDoubtful(now: number): boolean {
    for (const [grant, until] of this.#doubtful) if (until <= now) this.#doubtful.delete(grant);
    return this.#doubtful.size > 0;
  }

  /** PostgreSQL is asked now. */
  lookBegins(now: number): void {
    this.#unseen = new Set(this.#underWay);
    if (this.isDoubtful(now)) for (const grant of this.#doubtful.keys()) this.#unseen.add(grant);
  }

  /** @param held what PostgreSQL said to the look that began last, by SKU */
  looked(held: ReadonlyMap<string, number>): void {
    const unseen = this.#unseen ?? [];
    this.#unseen = null;
    this.#held = new Map(held);
    this.#total = 0;
    for (const quantity of held.values()) this.#total += quantity;
    for (const grant of unseen) this.#add(grant, 1);
  }

  #add({ items }: Grant, sign: 1 | -1): void {
    for (const { sku, quantity } of items) {
      const held = this.of(sku) + sign * quantity;
      if (held === 0) this.#held.delete(sku);
      else this.#held.set(sku, held);
      this.#total += sign * quantity;
    }
  }
}
