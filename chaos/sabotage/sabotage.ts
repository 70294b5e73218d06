// Owns what a sabotage is: a small, realistic bug, put into a copy of the source. Production has no hook for it: what is not in
// the source cannot be reached there, and costs nothing.

export interface Sabotage {
  /** What was broken, in a sentence. */
  readonly breaks: string;
  readonly replacements: readonly Replacement[];
  /** The ids of the findings of which at least one must catch it. */
  readonly expectedBy: readonly string[];
  /** The kinds of faults under which it shows soonest. */
  readonly faults: readonly string[];
}

/** A piece of the source that stands there exactly once, and what stands in its place in the broken copy. */
export interface Replacement {
  /** From the root of the tree. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}
