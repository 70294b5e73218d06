// Owns the sabotage no-cas: a decision that does not look whether there is one already (I5).
import type { Sabotage } from '../sabotage.ts';

const APPLY = 'sql/functions/apply_commands.sql';

/** A confirm of what is cancelled meets the table's CHECK, and is decided rightly after all; a cancel of what is sold meets nothing. */
export const noCas: Sabotage = {
  breaks: 'Confirm and cancel no longer compare the state that they find with those they may start from.',
  replacements: [
    { file: APPLY, find: '\n        AND array_position(confirm_from, t.state) IS NOT NULL', replace: '' },
    { file: APPLY, find: '\n        AND array_position(cancel_from, t.state) IS NOT NULL', replace: '' },
  ],
  expectedBy: ['I5'],
  faults: ['link-latency', 'link-resets'],
};
