// Owns the sabotage no-idempotency: a Try that was heard before is carried out once more (I7).
import type { Sabotage } from '../sabotage.ts';

const APPLY = 'sql/functions/apply_commands.sql';

/** The classic form: the counters are changed first, and the row that is there already is quietly kept. */
export const noIdempotency: Sabotage = {
  breaks: 'No id is looked up: a repeated Try reserves its items again, and its rows are left as the first one made them.',
  replacements: [
    {
      file: 'src/ledger/optimistic.ts',
      find: 'plainArray(tries.filter((command) => command.idGiven || again).map((command) => command.id)),',
      replace: 'plainArray([]),',
    },
    {
      file: APPLY,
      find: 'ORDER BY t.id;\n    INSERT INTO holdfast.reservation',
      replace: 'ORDER BY t.id ON CONFLICT DO NOTHING;\n    INSERT INTO holdfast.reservation',
    },
    {
      file: APPLY,
      find: 'WHERE i.position <> ALL (left_tries);\n    -- Rule 5',
      replace: 'WHERE i.position <> ALL (left_tries) ON CONFLICT DO NOTHING;\n    -- Rule 5',
    },
  ],
  expectedBy: ['I3', 'I7'],
  faults: ['link-lost-replies', 'link-resets'],
};
