// Owns what a period of a plan is, and what those who draw one share.
import type { Chance } from '../random.ts';
import type { Deck } from './deck.ts';
import type { Drawn, FaultKind, Layout } from './fault.ts';

export interface PlannedFault {
  readonly kind: string;
  /** From the beginning of the plan. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly drawn: Drawn;
}

export interface PlannedPeriod {
  readonly fromMs: number;
  readonly toMs: number;
  /** None in a quiet one. */
  readonly faults: readonly PlannedFault[];
}

export interface PlanOptions extends Layout {
  readonly durationMs: number;
  /** Which faults may strike; each strikes once before any strikes again. */
  readonly kinds: readonly FaultKind[];
}

export const QUIET_SHARE = 0.25;
const USUAL_PERIOD_MS = 5_500;
const MOST_FAULTS_AT_A_TIME = 6;
/** Between faults that follow each other. */
export const BETWEEN_MS = 300;
const MOST_DRAWS = 20;
/** How long what struck is felt afterwards: a promise is held to its time only from then on (checks/takeover.ts, releases.ts). */
export const AFTERMATH_MS = 6_000;

export interface Room {
  readonly fromMs: number;
  readonly leftMs: number;
  /** How long nothing has struck. */
  readonly restedMs: number;
}

/** How many must strike at a time, so that each kind has had its turn when the time is over. */
export function neededFor(deck: Deck, { leftMs }: Room): number {
  const periods = (leftMs * (1 - QUIET_SHARE)) / USUAL_PERIOD_MS;
  return Math.min(MOST_FAULTS_AT_A_TIME, Math.ceil((deck.waiting() * 1.1) / Math.max(1, periods)));
}

/** Draws until it is right. @returns null where it never was */
export function drawWhere(chance: Chance, kind: FaultKind, layout: Layout, isRight: (drawn: Drawn) => boolean): Drawn | null {
  for (let draw = 0; draw < MOST_DRAWS; draw += 1) {
    const fault = kind.draw(chance, layout);
    if (isRight(fault)) return fault;
  }
  return null;
}
