// Owns which moves one item of a basket may make (I5): AVAILABLE → RESERVED → DEDUCTED, and back to AVAILABLE by a
// release before the sale or a refund after it. Nothing else.
import { setup } from 'xstate';

export type ReservationEvent =
  | { readonly type: 'RESERVE' }
  | { readonly type: 'DEDUCT' }
  | { readonly type: 'RELEASE' }
  /** Part of what was sold comes back. */
  | { readonly type: 'REFUND_PART' }
  /** The last of what was sold comes back. */
  | { readonly type: 'REFUND_REST' };

export const reservationMachine = setup({
  types: { events: {} as ReservationEvent },
}).createMachine({
  id: 'reservation',
  initial: 'AVAILABLE',
  states: {
    AVAILABLE: { on: { RESERVE: { target: 'RESERVED' } } },
    RESERVED: { on: { DEDUCT: { target: 'DEDUCTED' }, RELEASE: { target: 'AVAILABLE' } } },
    DEDUCTED: { on: { REFUND_PART: { target: 'DEDUCTED' }, REFUND_REST: { target: 'AVAILABLE' } } },
  },
});
