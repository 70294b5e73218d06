// Owns the stretches of time in which faults struck: what a promise that is bound to time is held to, and what excuses it.
import type { FaultRecord } from '../record.ts';

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Windows {
  /** Whether one of them touches this stretch. */
  touch(fromMs: number, toMs: number): boolean;
  /** How much of this stretch none of them covers: a promise is held to the time in which it could be kept. */
  calmMs(fromMs: number, toMs: number): number;
}

/** @param more how much longer each of them is felt */
export function windowsOf(stretches: readonly Stretch[], more = 0): Windows {
  const windows = merged(stretches.map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs + more })));
  const between = (fromMs: number, toMs: number): readonly Stretch[] =>
    windows.filter((window) => window.fromMs <= toMs && window.toMs >= fromMs);
  return {
    touch: (fromMs, toMs) => between(fromMs, toMs).length > 0,
    calmMs: (fromMs, toMs) =>
      between(fromMs, toMs).reduce(
        (leftMs, window) => leftMs - (Math.min(window.toMs, toMs) - Math.max(window.fromMs, fromMs)),
        toMs - fromMs,
      ),
  };
}

/** In their order, and none touching another. */
function merged(stretches: readonly Stretch[]): readonly Stretch[] {
  const whole: Stretch[] = [];
  for (const stretch of stretches.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = whole.at(-1);
    if (last === undefined || stretch.fromMs > last.toMs) whole.push(stretch);
    else whole[whole.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, stretch.toMs) };
  }
  return whole;
}

export const isRedisFault = ({ kind, target }: FaultRecord): boolean => kind.startsWith('redis-') || target.endsWith('→ redis');

/** Of a participant, or of one coordinator's way to it. */
export const isFaultOf = ({ target }: FaultRecord, participant: string): boolean =>
  target === participant || target.endsWith(`→ ${participant}`);

/** Those after which others must take over. */
export const isCoordinatorFault = ({ kind }: FaultRecord): boolean =>
  kind === 'coordinator-kill' || kind === 'coordinator-terminate' || kind === 'coordinator-pause' || kind === 'coordinator-away';

/**
 * What no promise about time is excused by: clients that cannot reach a coordinator keep nobody from his work, and no deadline hangs on
 * a coordinator's clock.
 */
export const isNoExcuse = ({ kind, target }: FaultRecord): boolean =>
  kind === 'coordinator-clock' || (target.startsWith('clients →') && kind !== 'flood');
