// Owns what a handler can say besides "done": a refusal, and "not yet". Either is thrown or returned, with the same effect.

const LONGEST_REASON = 200;

/**
 * The business says no. Of a Try: answered 409, remembered, and nothing else that the handler wrote stays. Of a Confirm or
 * Cancel: answered 409 "not done", nothing stays, and the coordinator asks again and calls an operator.
 */
export class Refusal extends Error {
  /** @param reason for the coordinator's operators, such as 'insufficient-funds'; shortened to 200 characters */
  constructor(reason: string) {
    super(shortened(reason));
    this.name = 'Refusal';
  }
}

/** It cannot be said yet: answered 425, nothing stays, the barrier's mark neither, and the coordinator asks again soon. */
export class NotYet extends Error {
  constructor() {
    super('not yet');
    this.name = 'NotYet';
  }
}

/**
 * Ends the handler with a refusal.
 * @throws Refusal always; so it refuses too where its author forgot to return it
 */
export function refuse(reason: string): never {
  throw new Refusal(reason);
}

/**
 * Ends the handler with "not yet".
 * @throws NotYet always
 */
export function notYet(): never {
  throw new NotYet();
}

/** PostgreSQL takes no NUL in a text, and half a surrogate pair is no UTF-8. */
function shortened(reason: string): string {
  const clean = reason.replaceAll('\0', '').trim().slice(0, LONGEST_REASON).toWellFormed();
  return clean === '' ? 'refused' : clean;
}
