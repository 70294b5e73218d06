// Owns the circuit breaker of one participant: after a row of calls that found nobody there it opens, and nobody is kept waiting
// for another timeout; it half-opens by itself for a probe, and closes with the first sign of life. Pure: the time is given.
//
// A participant may be alive and yet fail for some branches, again and again. So a first attempt, which has no such past, may be a
// probe at any time; and what has failed before is asked again ahead of its time only after an outage.

/** How many calls in a row must find nobody. */
export const FAILURES_TO_OPEN = 5;
/** How long it is open before the first probe, doubling to the longest. Short: recovery is noticed by probing. */
export const FIRST_OPEN_MS = 500;
export const LONGEST_OPEN_MS = 4000;
/** So long nobody must have been there for an outage. What is shorter, the backoff of branches gets over by itself. */
export const OUTAGE_MS = 2000;

interface Trouble {
  /** When it opened. */
  readonly since: number;
  /** How long this time. */
  readonly openMs: number;
  /** Whether a probe has failed since. */
  readonly isProbed: boolean;
  /**
   * Whether a first attempt was among the calls that found nobody, or nothing was ever heard of the participant. If not, all that
   * failed were branches that had failed before, which says little of the participant.
   */
  readonly isTelling: boolean;
}

export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number; readonly isTelling: boolean }
  | ({ readonly kind: 'open'; readonly until: number } & Trouble)
  /** The probe of what waits is on its way. */
  | ({ readonly kind: 'probing' } & Trouble);

export const CLOSED: BreakerState = { kind: 'closed', failures: 0, isTelling: false };
/** Before anything was heard: it may have been away for long. */
export const UNHEARD: BreakerState = { kind: 'closed', failures: 0, isTelling: true };

/** What a call told. */
export interface Told {
  /** Whether somebody answered, whatever it was. */
  readonly isAlive: boolean;
  /** Whether it was the first attempt of its branch in this phase. */
  readonly isFirst: boolean;
  /**
   * - probe: of what waits, begun when the time for it had come
   * - fresh: a first attempt that was begun as a probe, while it was open
   * - other: anything else
   */
  readonly as: 'probe' | 'fresh' | 'other';
}

/** @param now in ms, by any clock that never goes back */
export function afterCall(state: BreakerState, { isAlive, isFirst, as }: Told, now: number): BreakerState {
  if (isAlive) return CLOSED;
  const isTelling = state.isTelling || isFirst;
  if (state.kind === 'closed') {
    const failures = state.failures + 1;
    return failures < FAILURES_TO_OPEN
      ? { kind: 'closed', failures, isTelling }
      : { kind: 'open', since: now, until: now + FIRST_OPEN_MS, openMs: FIRST_OPEN_MS, isProbed: false, isTelling };
  }
  // A call that began before it opened says nothing new about how it is now.
  const told = { ...state, isTelling, isProbed: state.isProbed || as !== 'other' };
  if (told.kind === 'open' || as !== 'probe') return told;
  const openMs = Math.min(told.openMs * 2, LONGEST_OPEN_MS);
  return { ...told, kind: 'open', until: now + openMs, openMs };
}

/** How many calls may be begun of those that wait: all that there is room for, one probe, or none. */
export function allowance(state: BreakerState, now: number): 'all' | 'probe' | 'none' {
  if (state.kind === 'closed') return 'all';
  return state.kind === 'open' && now >= state.until ? 'probe' : 'none';
}

/** The state once the probe is on its way. */
export function probing(state: BreakerState): BreakerState {
  if (state.kind !== 'open') return state;
  const { since, openMs, isProbed, isTelling } = state;
  return { kind: 'probing', since, openMs, isProbed, isTelling };
}

/** The state once it is known that the probe came to nothing, and told nothing. */
export function unprobed(state: BreakerState, now: number): BreakerState {
  return state.kind === 'probing' ? { ...state, kind: 'open', until: now + state.openMs } : state;
}

/** Whether the participant was away until now, as far as can be told: then all that waits is worth another attempt at once. */
export function endsOutage(state: BreakerState, now: number): boolean {
  return state.kind !== 'closed' && now - state.since >= OUTAGE_MS && state.isProbed && state.isTelling;
}
