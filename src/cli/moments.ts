// Owns how moments and spans of time read to a person.

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** A span in its two largest units: `3 min 12 s`. Short ones finer: `1.2 s`, `340 ms`. */
export function span(lengthMs: number): string {
  if (lengthMs < 1_000) return `${Math.max(0, Math.round(lengthMs))} ms`;
  if (lengthMs < 10_000) return `${Math.floor(lengthMs / 100) / 10} s`;
  const first = UNITS.findIndex(([, unitMs]) => lengthMs >= unitMs);
  const parts: string[] = [];
  let restMs = lengthMs;
  for (const [name, unitMs] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(restMs / unitMs);
    restMs -= count * unitMs;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(' ');
}

/** `in 3 min 12 s`, `3 min 12 s ago`, or `just now` within a second. */
export function distance(momentMs: number, nowMs: number): string {
  const aheadMs = momentMs - nowMs;
  if (Math.abs(aheadMs) < 1_000) return 'just now';
  return aheadMs > 0 ? `in ${span(aheadMs)}` : `${span(-aheadMs)} ago`;
}

/** `2026-11-22 08:00:00.000 UTC`; what is no moment stays as it came. */
export function moment(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? text : new Date(ms).toISOString().replace('T', ' ').replace('Z', ' UTC');
}

/** The moment and how far away it is. */
export function momentAndDistance(text: string, nowMs: number): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? text : `${moment(text)}, ${distance(ms, nowMs)}`;
}
