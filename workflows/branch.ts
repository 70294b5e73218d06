// Owns which moves one remote branch may make (I5). A branch is REGISTERED before its Try is sent (I9); a cancel decision
// reaches every one of them, the refused and the unknown ones too.
import { setup } from 'xstate';

export type BranchEvent =
  | { readonly type: 'TRY_DONE' }
  | { readonly type: 'TRY_REFUSED' }
  | { readonly type: 'CONFIRM_DONE' }
  | { readonly type: 'CANCEL_DONE' };

export const branchMachine = setup({
  types: { events: {} as BranchEvent },
}).createMachine({
  id: 'branch',
  initial: 'REGISTERED',
  states: {
    REGISTERED: {
      on: { TRY_DONE: { target: 'TRIED' }, TRY_REFUSED: { target: 'REFUSED' }, CANCEL_DONE: { target: 'CANCELLED' } },
    },
    TRIED: { on: { CONFIRM_DONE: { target: 'CONFIRMED' }, CANCEL_DONE: { target: 'CANCELLED' } } },
    REFUSED: { on: { CANCEL_DONE: { target: 'CANCELLED' } } },
    CONFIRMED: {},
    CANCELLED: {},
  },
});
