// Owns which moves a transaction may make (I5). Pure: nothing here does I/O; step.ts is the only caller of XState.
//
//   ABSENT ─TRY→ TRIED ─CONFIRM→ CONFIRMED            without branches, a decision is also the end
//   ABSENT ─TRY→ TRYING ─BRANCHES_TRIED→ TRIED ─CONFIRM→ CONFIRMING ─BRANCHES_SETTLED→ CONFIRMED
//   TRYING, TRIED ─CANCEL, EXPIRE→ CANCELLING ─BRANCHES_SETTLED→ CANCELLED
import { setup } from 'xstate';

export type TransactionEvent =
  | { readonly type: 'TRY' }
  | { readonly type: 'REFUSE' }
  | { readonly type: 'BRANCHES_TRIED' }
  | { readonly type: 'PARTICIPANT_REFUSED' }
  | { readonly type: 'CONFIRM' }
  | { readonly type: 'CANCEL' }
  | { readonly type: 'EXPIRE' }
  | { readonly type: 'BRANCHES_SETTLED' }
  | { readonly type: 'EXTEND' }
  | { readonly type: 'REFUND' };

export interface TransactionContext {
  readonly hasBranches: boolean;
}

/** ABSENT stands for "no row with this id": it is never stored. */
export const transactionMachine = setup({
  types: {
    context: {} as TransactionContext,
    input: {} as TransactionContext,
    events: {} as TransactionEvent,
  },
  guards: { hasBranches: ({ context }) => context.hasBranches },
  // Named, not done, here: the shell carries them out with the commit (items) or after it (deadline, calls).
  actions: {
    reserveItems: () => {},
    deductItems: () => {},
    releaseItems: () => {},
    armDeadline: () => {},
    callTry: () => {},
    callConfirm: () => {},
    callCancel: () => {},
  },
}).createMachine({
  id: 'transaction',
  context: ({ input }) => input,
  initial: 'ABSENT',
  states: {
    ABSENT: {
      on: {
        TRY: [
          { guard: 'hasBranches', target: 'TRYING', actions: ['reserveItems', 'armDeadline', 'callTry'] },
          { target: 'TRIED', actions: ['reserveItems', 'armDeadline'] },
        ],
        REFUSE: { target: 'CANCELLED' },
        CANCEL: { target: 'CANCELLED' },
      },
    },
    TRYING: {
      on: {
        BRANCHES_TRIED: { target: 'TRIED' },
        PARTICIPANT_REFUSED: { target: 'CANCELLING', actions: ['releaseItems', 'callCancel'] },
        CANCEL: { target: 'CANCELLING', actions: ['releaseItems', 'callCancel'] },
        EXPIRE: { target: 'CANCELLING', actions: ['releaseItems', 'callCancel'] },
      },
    },
    TRIED: {
      on: {
        CONFIRM: [
          { guard: 'hasBranches', target: 'CONFIRMING', actions: ['deductItems', 'callConfirm'] },
          { target: 'CONFIRMED', actions: ['deductItems'] },
        ],
        CANCEL: [
          { guard: 'hasBranches', target: 'CANCELLING', actions: ['releaseItems', 'callCancel'] },
          { target: 'CANCELLED', actions: ['releaseItems'] },
        ],
        EXPIRE: [
          { guard: 'hasBranches', target: 'CANCELLING', actions: ['releaseItems', 'callCancel'] },
          { target: 'CANCELLED', actions: ['releaseItems'] },
        ],
        EXTEND: { target: 'TRIED', actions: ['armDeadline'] },
      },
    },
    CONFIRMING: { on: { BRANCHES_SETTLED: { target: 'CONFIRMED' } } },
    CANCELLING: { on: { BRANCHES_SETTLED: { target: 'CANCELLED' } } },
    CONFIRMED: { on: { REFUND: { target: 'CONFIRMED' } } },
    CANCELLED: {},
  },
});
