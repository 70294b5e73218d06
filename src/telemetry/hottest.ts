// Owns which SKUs are asked for most: bounded in memory whatever callers ask for (I12), by the algorithm of Misra and Gries ("Finding
// repeated elements", 1982): a SKU that had more than a thousandth of a window's Tries is always among those kept, and none is
// counted more often than it was tried.
import type { BasketItem } from '../coordinator/model.ts';

export interface HotStock {
  readonly sku: string;
  readonly warehouse: string;
  readonly triesPerS: number;
  readonly reservedPerS: number;
  readonly shortagesPerS: number;
}

interface Entry {
  /** What is left of its count after those that were set off against others'. */
  weight: number;
  tries: number;
  reserved: number;
  shortages: number;
}

const WINDOW_MS = 10_000;
const KEPT = 1000;

export class Hottest {
  readonly #now: () => number;
  #window = new Map<string, Entry>();
  #startedAt: number;
  /** The last whole window: rates are told of that. */
  #last = new Map<string, Entry>();

  /** @param now in ms, by a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#startedAt = now();
  }

  tried(items: readonly BasketItem[], isHeld: boolean, isShort: boolean): void {
    this.#turn();
    for (const { sku, warehouse, quantity } of items) {
      const entry = this.#entryOf(`${sku} ${warehouse}`);
      if (entry === null) continue;
      entry.weight += 1;
      entry.tries += 1;
      if (isHeld) entry.reserved += quantity;
      if (isShort) entry.shortages += 1;
    }
  }

  /** @returns the hottest of the last whole window, the most tried first */
  read(limit: number): readonly HotStock[] {
    this.#turn();
    const perS = (count: number): number => count / (WINDOW_MS / 1000);
    return [...this.#last]
      .sort(([, a], [, b]) => b.tries - a.tries)
      .slice(0, limit)
      .map(([key, { tries, reserved, shortages }]) => {
        const [sku = '', warehouse = ''] = key.split(' ');
        return { sku, warehouse, triesPerS: perS(tries), reservedPerS: perS(reserved), shortagesPerS: perS(shortages) };
      });
  }

  /** Null where it is one too many: then it is set off against one of each of the others. */
  #entryOf(key: string): Entry | null {
    const known = this.#window.get(key);
    if (known !== undefined) return known;
    if (this.#window.size >= KEPT) {
      for (const [other, entry] of this.#window) {
        entry.weight -= 1;
        if (entry.weight <= 0) this.#window.delete(other);
      }
      return null;
    }
    const entry = { weight: 0, tries: 0, reserved: 0, shortages: 0 };
    this.#window.set(key, entry);
    return entry;
  }

  #turn(): void {
    const elapsed = this.#now() - this.#startedAt;
    if (elapsed < WINDOW_MS) return;
    // Where nobody came for longer than a window, the last whole one was empty.
    this.#last = elapsed < 2 * WINDOW_MS ? this.#window : new Map();
    this.#window = new Map();
    this.#startedAt += WINDOW_MS * Math.floor(elapsed / WINDOW_MS);
  }
}

/** @param all of several processes, which share their callers */
export function mergeHottest(all: readonly (readonly HotStock[])[], limit: number): readonly HotStock[] {
  const sums = new Map<string, HotStock>();
  for (const one of all.flat()) {
    const key = `${one.sku} ${one.warehouse}`;
    const known = sums.get(key);
    sums.set(key, {
      ...one,
      triesPerS: one.triesPerS + (known?.triesPerS ?? 0),
      reservedPerS: one.reservedPerS + (known?.reservedPerS ?? 0),
      shortagesPerS: one.shortagesPerS + (known?.shortagesPerS ?? 0),
    });
  }
  return [...sums.values()].sort((a, b) => b.triesPerS - a.triesPerS).slice(0, limit);
}

export const HOTTEST_WINDOW_S = WINDOW_MS / 1000;
