// Owns the one call of XState's pure transition(): given where something stands and what happens, where it goes and what
// must be done about it, or null where that move is not allowed.
//
// transition() costs 6–9 µs, and a machine has only a few dozen (state, event) pairs: each is asked once and remembered,
// so the machines stay the one authority at the cost of a map look-up.
import { type AnyStateMachine, transition } from 'xstate';
import { type BranchEvent, branchMachine } from './branch.ts';
import { type ReservationEvent, reservationMachine } from './reservation.ts';
import { type BranchState, ITEM_STATES, type ItemState, TRANSACTION_STATES, type TransactionState } from './states.ts';
import { type TransactionContext, type TransactionEvent, transactionMachine } from './transaction.ts';

export interface Step<State extends string> {
  readonly to: State;
  /** The names of the actions the machine asks for, in its order. */
  readonly actions: readonly string[];
}

const remembered = new Map<string, Step<string> | null>();

function stepOf(machine: AnyStateMachine, state: string, event: string, context: object): Step<string> | null {
  const key = `${machine.id} ${state} ${event} ${JSON.stringify(context)}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const snapshot = machine.resolveState({ value: state, context });
  let step: Step<string> | null = null;
  if (snapshot.can({ type: event })) {
    const [next, actions] = transition(machine, snapshot, { type: event });
    step = { to: String(next.value), actions: actions.map((action) => action.type) };
  }
  remembered.set(key, step);
  return step;
}

/** @returns the move of a transaction, or null where the machine does not allow it (I5) */
export function stepTransaction(
  state: TransactionState | 'ABSENT',
  event: TransactionEvent['type'],
  context: TransactionContext,
): Step<TransactionState> | null {
  return stepOf(transactionMachine, state, event, context) as Step<TransactionState> | null;
}

/** @returns the move of one item, or null where the machine does not allow it (I5) */
export function stepReservation(state: ItemState, event: ReservationEvent['type']): Step<ItemState> | null {
  return stepOf(reservationMachine, state, event, {}) as Step<ItemState> | null;
}

/** @returns the move of one remote branch, or null where the machine does not allow it (I5) */
export function stepBranch(state: BranchState, event: BranchEvent['type']): Step<BranchState> | null {
  return stepOf(branchMachine, state, event, {}) as Step<BranchState> | null;
}

/**
 * From which stored states an event leads to a given one: what the optimistic path hands to SQL as a parameter, so that
 * no statement carries a copy of the rules.
 */
export function statesLeadingTo(
  to: TransactionState,
  event: TransactionEvent['type'],
  context: TransactionContext,
): TransactionState[] {
  return TRANSACTION_STATES.filter((state) => stepTransaction(state, event, context)?.to === to);
}

/** As statesLeadingTo, for items. */
export function itemStatesLeadingTo(to: ItemState, event: ReservationEvent['type']): ItemState[] {
  return ITEM_STATES.filter((state) => stepReservation(state, event)?.to === to);
}
