// Owns the sequential model of one SKU in one warehouse: every change of its counters as a step, and the question which counters there
// can have been at a moment.
//
// When a step became visible is known within bounds only. It is stamped before it is committed, on the optimistic path even before
// its lock is granted, so steps need not become visible in the order of their stamps: the lock decides, and nobody writes that
// down. But no step is visible before its stamp, and each is from the moment at which somebody was told of it (or from which it could
// not have been committed any more). So of a moment it is certain which steps are in and which are not; those between may be in or
// not, each for itself. That is permissive by as many requests as were under way at the moment, and by nothing else.
import { CLOCK_SLACK_MS } from './moments.ts';

export interface Counters {
  readonly available: number;
  readonly reserved: number;
  readonly deducted: number;
}

export type Counter = keyof Counters;
export const COUNTERS: readonly Counter[] = ['available', 'reserved', 'deducted'];

/** Steps as they are found, in columns: there may be hundreds of thousands of one SKU. */
export interface Steps {
  /** The database's clock in the change. */
  readonly fromMs: number[];
  /** From when on it was stored for certain. */
  readonly byMs: number[];
  readonly available: number[];
  readonly reserved: number[];
  readonly deducted: number[];
}

export function noSteps(): Steps {
  return { fromMs: [], byMs: [], available: [], reserved: [], deducted: [] };
}

export function addStep(steps: Steps, fromMs: number, byMs: number, change: Counters): void {
  steps.fromMs.push(Math.round(fromMs));
  steps.byMs.push(Math.max(byMs, fromMs));
  for (const counter of COUNTERS) steps[counter].push(change[counter]);
}

/** Sums over the first so many steps of an order: all that adds, all that takes away. */
interface Sums {
  readonly gains: Float64Array;
  readonly losses: Float64Array;
}

type SumsByCounter = Readonly<Record<Counter, Sums>>;

/** Beyond so many steps that may be in or not, and so many different counters that they may come to, bounds must do. */
const MOST_OPEN_STEPS = 16;
const MOST_OUTCOMES = 1_024;
/** So large may a change be that sixteen of them still fit into a digit, and three digits into a number. */
const LARGEST_EXACT = 4_000;
const DIGIT = 2 ** 17;

export class SkuTimeline {
  readonly #steps: Steps;
  /** Places of the steps by their stamps, and by when they were stored for certain; and those times, ascending. */
  readonly #byStamp: Uint32Array;
  readonly #stamps: Float64Array;
  readonly #storedTimes: Float64Array;
  readonly #sumsByStamp: SumsByCounter;
  readonly #sumsByStored: SumsByCounter;
  /** How many different stamps the first so many have that were stored for certain. */
  readonly #differentStamps: Uint32Array;

  constructor(steps: Steps) {
    this.#steps = steps;
    this.#byStamp = placesBy(steps.fromMs);
    const byStored = placesBy(steps.byMs);
    this.#stamps = Float64Array.from(this.#byStamp, (place) => steps.fromMs[place] ?? 0);
    this.#storedTimes = Float64Array.from(byStored, (place) => steps.byMs[place] ?? 0);
    this.#sumsByStamp = sumsInOrder(steps, this.#byStamp);
    this.#sumsByStored = sumsInOrder(steps, byStored);
    this.#differentStamps = countDifferent(byStored, steps.fromMs);
  }

  get size(): number {
    return this.#stamps.length;
  }

  /** When all is over. */
  final(): Counters {
    return this.certainAt(Number.POSITIVE_INFINITY);
  }

  /** The counters by all steps that were stored for certain before a moment. */
  certainAt(ms: number): Counters {
    const count = this.#storedBefore(ms);
    const sumOf = (counter: Counter): number => sumAt(this.#sumsByStored[counter], count);
    return { available: sumOf('available'), reserved: sumOf('reserved'), deducted: sumOf('deducted') };
  }

  /** The least and the most that a counter can have been at any moment of a stretch of time. */
  boundsOf(counter: Counter, fromMs: number, toMs: number): { readonly least: number; readonly most: number } {
    const begun = this.#stampedBy(toMs);
    const done = this.#storedBefore(fromMs);
    const [stamped, stored] = [this.#sumsByStamp[counter], this.#sumsByStored[counter]];
    const at = (sums: Float64Array, count: number): number => sums[count] ?? 0;
    return {
      least: at(stamped.losses, begun) + at(stored.gains, done),
      most: at(stamped.gains, begun) + at(stored.losses, done),
    };
  }

  /** The least and the greatest version that there can have been: each commit adds at least one, and has one stamp. */
  versionBounds(fromMs: number, toMs: number): { readonly least: number; readonly most: number } {
    return { least: 1 + (this.#differentStamps[this.#storedBefore(fromMs)] ?? 0), most: 1 + this.#stampedBy(toMs) };
  }

  /**
   * Whether counters can have been these at any moment of a stretch of time. Exact where few steps may be in or not: some choice of
   * them must come to just these; else each counter must be within its bounds.
   */
  canBe(told: Partial<Counters>, fromMs: number, toMs: number): boolean {
    const named = COUNTERS.filter((counter) => told[counter] !== undefined);
    const isWithin = named.every((counter) => {
      const { least, most } = this.boundsOf(counter, fromMs, toMs);
      const value = told[counter] ?? 0;
      return least <= value && value <= most;
    });
    if (!isWithin) return false;
    const open = this.#openSteps(fromMs, toMs);
    return open === null || this.#canComeTo(told, named, this.certainAt(fromMs), open);
  }

  /** The losses that are certain at a moment, and every gain that may be in by then: where that is below 0, more went than there was. */
  *overdrawn(counter: Counter): Generator<{ readonly atMs: number; readonly most: number }> {
    let lastMs = Number.NaN;
    for (const atMs of this.#storedTimes) {
      if (atMs === lastMs) continue;
      lastMs = atMs;
      // What is stored by now is stored before any later moment.
      const { most } = this.boundsOf(counter, atMs + CLOCK_SLACK_MS + 1, atMs);
      if (most < 0) yield { atMs, most };
    }
  }

  /** @returns the steps that may be in or not; null where they are too many */
  #openSteps(fromMs: number, toMs: number): number[] | null {
    const begun = this.#stampedBy(toMs);
    const count = begun - this.#storedBefore(fromMs);
    if (count > MOST_OPEN_STEPS) return null;
    const open: number[] = [];
    for (let index = begun - 1; index >= 0 && open.length < count; index -= 1) {
      const place = this.#byStamp[index] ?? 0;
      if ((this.#steps.byMs[place] ?? 0) >= fromMs - CLOCK_SLACK_MS) open.push(place);
    }
    return open;
  }

  /** Walks through all that the open steps can come to. Sums are numbers of three digits, one for each counter, so that they add. */
  #canComeTo(told: Partial<Counters>, named: readonly Counter[], certain: Counters, open: readonly number[]): boolean {
    const digits = (read: (counter: Counter) => number): number =>
      named.reduce((sum, counter, index) => sum + read(counter) * DIGIT ** index, 0);
    const changes = open.map((place) => digits((counter) => this.#steps[counter][place] ?? 0));
    const isLarge = named.some((counter) => open.some((place) => Math.abs(this.#steps[counter][place] ?? 0) > LARGEST_EXACT));
    if (isLarge) return true;
    const reached = new Set([0]);
    for (const change of changes) {
      for (const sum of [...reached]) reached.add(sum + change);
      // Too many to tell apart: the bounds have been kept, and must do.
      if (reached.size > MOST_OUTCOMES) return true;
    }
    return reached.has(digits((counter) => (told[counter] ?? 0) - certain[counter]));
  }

  /** How many steps may be in by a moment. */
  #stampedBy(ms: number): number {
    return countUpTo(this.#stamps, ms + CLOCK_SLACK_MS);
  }

  /** How many steps were stored for certain before a moment. */
  #storedBefore(ms: number): number {
    return countUpTo(this.#storedTimes, ms - CLOCK_SLACK_MS, true);
  }
}

function placesBy(times: readonly number[]): Uint32Array {
  const keys = Float64Array.from(times);
  return Uint32Array.from(times.keys()).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
}

function sumsInOrder(steps: Steps, order: Uint32Array): SumsByCounter {
  return {
    available: sumsOf(steps.available, order),
    reserved: sumsOf(steps.reserved, order),
    deducted: sumsOf(steps.deducted, order),
  };
}

function sumsOf(changes: readonly number[], order: Uint32Array): Sums {
  const gains = new Float64Array(order.length + 1);
  const losses = new Float64Array(order.length + 1);
  order.forEach((place, index) => {
    const change = changes[place] ?? 0;
    gains[index + 1] = (gains[index] ?? 0) + Math.max(change, 0);
    losses[index + 1] = (losses[index] ?? 0) + Math.min(change, 0);
  });
  return { gains, losses };
}

function sumAt({ gains, losses }: Sums, count: number): number {
  return (gains[count] ?? 0) + (losses[count] ?? 0);
}

function countDifferent(order: Uint32Array, stamps: readonly number[]): Uint32Array {
  const seen = new Set<number>();
  const counts = new Uint32Array(order.length + 1);
  order.forEach((place, index) => {
    seen.add(stamps[place] ?? 0);
    counts[index + 1] = seen.size;
  });
  return counts;
}

/** How many of ascending times are at most (or, strictly, less than) a moment. */
function countUpTo(times: Float64Array, ms: number, isStrict = false): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const time = times[middle] ?? 0;
    if (isStrict ? time < ms : time <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
