// Owns which moves one remote branch may make (I5). A branch is REGISTERED before its Try is sent (I9); a cancel decision
// reaches every one of them, the refused and the unknown ones too.
import { setup } from 'xstate';

export type BranchEvent =
  | { readonly type: 'TRY_DONE' }
  | { readonly type: 'TRY_REFUSED' }
  | { readonly type: 'CONFIRM_DONE' }
  | { readonly type: 'CANCEL_DONE' }
  /** An operator settles what cannot settle itself, either way. */
  | { readonly type: 'RESOLVE_CONFIRMED' }
  | { readonly type: 'RESOLVE_CANCELLED' };

const resolved = { RESOLVE_CONFIRMED: { target: 'CONFIRMED' }, RESOLVE_CANCELLED: { target: 'CANCELLED' } } as const;

export const branchMachine = setup({
  types: { events: {} as BranchEvent },
}).createMachine({
  id: 'branch',
  initial: 'REGISTERED',
  states: {
    REGISTERED: {
      on: {
        TRY_DONE: { target: 'TRIED' },
        TRY_REFUSED: { target: 'REFUSED' },
        CANCEL_DONE: { target: 'CANCELLED' },
        ...resolved,
      },
    },
    TRIED: { on: { CONFIRM_DONE: { target: 'CONFIRMED' }, CANCEL_DONE: { target: 'CANCELLED' }, ...resolved } },
    REFUSED: { on: { CANCEL_DONE: { target: 'CANCELLED' }, ...resolved } },
    CONFIRMED: {},
    CANCELLED: {},
  },
});
