// Owns the one clock of all spans of this process, so that they fit into each other.

/** By how much it may be off the system's clock before it is set again, in ms. */
const DRIFT_MS = 5;

let offset = performance.timeOrigin;

/** In ms since 1970, finer than Date.now(), and never far from it. */
export function now(): number {
  const elapsed = performance.now();
  const system = Date.now();
  if (Math.abs(system - offset - elapsed) > DRIFT_MS) offset = system - elapsed;
  return offset + elapsed;
}

/** @param time by performance.now() */
export function timeOf(time: number): number {
  return offset + time;
}
