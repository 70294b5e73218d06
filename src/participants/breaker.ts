// Owns the circuit breaker of one participant: after a row of calls that found nobody there it opens, and nobody is kept waiting
// for another timeout; it half-opens by itself for one probe, and closes with the first sign of life. Pure: the time is given.

/** How many calls in a row must find nobody. */
export const FAILURES_TO_OPEN = 5;
/** How long it is open before the first probe, doubling to the longest. Short: recovery is noticed by probing. */
export const FIRST_OPEN_MS = 500;
export const LONGEST_OPEN_MS = 4000;

export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly until: number; readonly openMs: number }
  /** One probe is on its way. */
  | { readonly kind: 'probing'; readonly openMs: number };

export const CLOSED: BreakerState = { kind: 'closed', failures: 0 };

/**
 * What a call told.
 * @param isAlive whether somebody answered, whatever it was
 * @param now in ms, by any clock that never goes back
 */
export function afterCall(state: BreakerState, isAlive: boolean, now: number): BreakerState {
  if (isAlive) return CLOSED;
  switch (state.kind) {
    case 'closed': {
      const failures = state.failures + 1;
      return failures < FAILURES_TO_OPEN
        ? { kind: 'closed', failures }
        : { kind: 'open', until: now + FIRST_OPEN_MS, openMs: FIRST_OPEN_MS };
    }
    // A call that began before it opened says nothing new.
    case 'open':
      return state;
    case 'probing': {
      const openMs = Math.min(state.openMs * 2, LONGEST_OPEN_MS);
      return { kind: 'open', until: now + openMs, openMs };
    }
  }
}

/** How many calls may be begun: all that there is room for, one probe, or none. */
export function allowance(state: BreakerState, now: number): 'all' | 'probe' | 'none' {
  if (state.kind === 'closed') return 'all';
  return state.kind === 'open' && now >= state.until ? 'probe' : 'none';
}

/** The state once a probe is on its way. */
export function probing(state: BreakerState): BreakerState {
  return state.kind === 'open' ? { kind: 'probing', openMs: state.openMs } : state;
}
