// Owns how the reports write figures: counts, shares, latencies and times.

/** For what there is no figure of. */
const NONE = '–';

const counts = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export function count(value: number): string {
  return counts.format(value);
}

/** Rounded down: only what is whole reads as 100 %. */
export function percent(share: number | null): string {
  return share === null ? NONE : `${(Math.floor(share * 10_000 + 1e-9) / 100).toFixed(2)} %`;
}

/** Milliseconds without their unit, for columns. */
export function milliseconds(ms: number | null): string {
  if (ms === null) return NONE;
  return ms < 10 && !Number.isInteger(ms) ? tenths.format(ms) : counts.format(ms);
}

/** `0.3 s`, `45 s`, `30 min`. */
export function duration(ms: number): string {
  if (ms >= 120_000) return `${Number.isInteger(ms / 60_000) ? ms / 60_000 : tenths.format(ms / 60_000)} min`;
  return `${Number.isInteger(ms / 1_000) ? ms / 1_000 : tenths.format(ms / 1_000)} s`;
}

/** Since the run's start: `2:05`, and `2:05.3` where tenths matter. */
export function clock(ms: number, digits: 0 | 1 = 0): string {
  const all = digits === 0 ? Math.round(ms / 1_000) : Math.round(ms / 100) / 10;
  const seconds = (all % 60).toFixed(digits).padStart(digits === 0 ? 2 : 4, '0');
  return `${Math.floor(all / 60)}:${seconds}`;
}

export function plural(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** What was counted by name, the most first. */
export function mostFirst(counted: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counted).toSorted(([, a], [, b]) => b - a);
}
