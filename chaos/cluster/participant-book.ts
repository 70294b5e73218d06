// Owns what a participant remembers: its answer to each phase of each branch, so that the same call again gets the same answer.
import type { Phase } from '../record.ts';

/** Of a thousand Tries, refused for good whatever happens, so that refusals occur in quiet times as well. */
const REFUSED_OF_THOUSAND = 30;

export interface ParticipantBook {
  /**
   * Does what a call asks for, once.
   * @param refuses whether a Try that was not answered before is refused
   * @returns the status that tells what became of it
   */
  settle(branchId: string, phase: Phase, refuses: boolean): 200 | 409;
}

/** Confirm needs a Try that was accepted; a Cancel before the Try is kept, and the late Try is refused. */
export function makeBook(): ParticipantBook {
  const tries = new Map<string, 200 | 409>();
  const ends = new Map<string, 'confirm' | 'cancel'>();
  return {
    settle: (branchId, phase, refuses) => {
      if (phase === 'try') {
        const before = tries.get(branchId);
        if (before !== undefined) return before;
        const status = refuses || ends.has(branchId) || isUnlucky(branchId) ? 409 : 200;
        tries.set(branchId, status);
        return status;
      }
      const end = ends.get(branchId);
      if (end !== undefined) return end === phase ? 200 : 409;
      if (phase === 'confirm' && tries.get(branchId) !== 200) return 409;
      ends.set(branchId, phase);
      return 200;
    },
  };
}

/** FNV-1a of the branch's id. */
export function isUnlucky(branchId: string): boolean {
  let value = 0x811c9dc5;
  for (let index = 0; index < branchId.length; index += 1) value = Math.imul(value ^ branchId.charCodeAt(index), 0x01000193);
  return (value >>> 0) % 1_000 < REFUSED_OF_THOUSAND;
}
