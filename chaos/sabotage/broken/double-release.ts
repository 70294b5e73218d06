// Owns the sabotage double-release: stock that came back once comes back again (I3).
import type { Sabotage } from '../sabotage.ts';

const APPLY = 'sql/functions/apply_commands.sql';

/** Where too little of the SKU is held besides, the counter's CHECK refuses it, and the cancel is answered rightly after all. */
export const doubleRelease: Sabotage = {
  breaks: 'A cancel of what is cancelled already releases the items once more, whether they are held or not.',
  replacements: [
    {
      file: APPLY,
      find: 'AND array_position(cancel_from, t.state) IS NOT NULL',
      replace: 'AND (array_position(cancel_from, t.state) IS NOT NULL OR t.state = cancelled)',
    },
    {
      file: APPLY,
      find: 'WHERE r.transaction_id = ANY (cancelled_ids) AND r.state = held',
      replace: 'WHERE r.transaction_id = ANY (cancelled_ids)',
    },
  ],
  expectedBy: ['I3', 'per-SKU model'],
  faults: ['link-lost-replies', 'link-resets'],
};
