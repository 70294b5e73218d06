// Owns the list of checks: what a run must have examined, and when it holds.
import type { Evidence } from '../evidence/evidence.ts';
import type { Finding } from '../record.ts';
import { checkLiveness } from './alive.ts';
import { checkAcknowledged, checkOneOutcome } from './answers.ts';
import { checkBasketsAreWhole } from './baskets.ts';
import { checkBounds } from './bounds.ts';
import { checkCountersAddUp, checkCountersAreSums, checkNothingIsNegative } from './counters.ts';
import { checkDeadlines } from './deadlines.ts';
import { checkDecidedOnce } from './decisions.ts';
import { checkExits } from './exits.ts';
import { checkLooks } from './looks.ts';
import { checkParticipantsWords } from './participants.ts';
import { checkRecordedFirst } from './phases.ts';
import { checkOnTime, checkWithoutRedis } from './releases.ts';
import { checkSkuModel } from './sku-model.ts';
import { checkOneAtATime, checkTakeOver } from './takeover.ts';

const CHECKS: readonly ((evidence: Evidence) => Finding)[] = [
  checkCountersAddUp,
  checkNothingIsNegative,
  checkCountersAreSums,
  checkBasketsAreWhole,
  checkDecidedOnce,
  checkAcknowledged,
  checkOneOutcome,
  checkDeadlines,
  checkRecordedFirst,
  checkWithoutRedis,
  checkOnTime,
  checkTakeOver,
  checkOneAtATime,
  checkBounds,
  checkSkuModel,
  checkParticipantsWords,
  checkExits,
  checkLooks,
  checkLiveness,
];

/** Judges a run: I1 to I12, the model of every SKU, and liveness. */
export function check(evidence: Evidence): Finding[] {
  return CHECKS.map((each) => each(evidence));
}

/** What was not examined does not hold. */
export function isHeld({ examined, violations }: Finding): boolean {
  return examined > 0 && violations === 0;
}
