// Owns the sabotage no-fence: a coordinator that was paused past its lease writes on as if it held it (I11).
import type { Sabotage } from '../sabotage.ts';

/**
 * Others have taken over by the time it wakes up, and it has to take a new lease. What it grants itself from then on is held under
 * the one that is over, which nobody will ever end again: those branches are asked by nobody.
 */
export const noFence: Sabotage = {
  breaks:
    'Branches are granted under the first lease that a coordinator held, and the ledger no longer looks whether it has ended.',
  replacements: [
    {
      file: 'src/ledger/ledger.ts',
      find: 'this.#leaseHolder = leaseHolder;',
      replace: 'let first: string | null = null;\n    this.#leaseHolder = () => (first ??= leaseHolder());',
    },
    {
      file: 'sql/functions/save_changes.sql',
      find: 'SELECT c.id INTO holder FROM holdfast.coordinator c WHERE c.id = coordinator AND c.lease_until > clock_timestamp() FOR KEY SHARE;',
      replace: 'holder := coordinator;',
    },
  ],
  expectedBy: ['I11', 'liveness'],
  faults: ['coordinator-pause'],
};
