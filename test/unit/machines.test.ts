// Owns the tests of workflows/: every pair of state and event of the three machines, against the contract written down by
// hand (I5), and that one function alone asks XState.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  BRANCH_STATES,
  type BranchState,
  ITEM_STATES,
  TRANSACTION_STATES,
  type TransactionState,
} from '../../workflows/states.ts';
import {
  itemStatesLeadingTo,
  type Step,
  statesLeadingTo,
  stepBranch,
  stepReservation,
  stepTransaction,
} from '../../workflows/step.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const TRANSACTION_EVENTS = [
  'TRY',
  'REFUSE',
  'BRANCHES_TRIED',
  'PARTICIPANT_REFUSED',
  'CONFIRM',
  'CANCEL',
  'EXPIRE',
  'BRANCHES_SETTLED',
  'EXTEND',
  'REFUND',
] as const;
const ITEM_EVENTS = ['RESERVE', 'DEDUCT', 'RELEASE', 'REFUND_PART', 'REFUND_REST'] as const;
const BRANCH_EVENTS = [
  'TRY_DONE',
  'TRY_REFUSED',
  'CONFIRM_DONE',
  'CANCEL_DONE',
  'RESOLVE_CONFIRMED',
  'RESOLVE_CANCELLED',
] as const;

/** "state event" → where it leads and what must be done; what is not named is not allowed. */
type Table = Readonly<Record<string, readonly [to: string, ...actions: string[]]>>;

const ALONE: Table = {
  'ABSENT TRY': ['TRIED', 'reserveItems', 'armDeadline'],
  'ABSENT REFUSE': ['CANCELLED'],
  'ABSENT CANCEL': ['CANCELLED'],
  'TRIED CONFIRM': ['CONFIRMED', 'deductItems'],
  'TRIED CANCEL': ['CANCELLED', 'releaseItems'],
  'TRIED EXPIRE': ['CANCELLED', 'releaseItems'],
  'TRIED EXTEND': ['TRIED', 'armDeadline'],
  'CONFIRMED REFUND': ['CONFIRMED'],
};

/** What a transaction with branches does from states that one without never enters. */
const WAITING: Table = {
  'TRYING BRANCHES_TRIED': ['TRIED'],
  'TRYING PARTICIPANT_REFUSED': ['CANCELLING', 'releaseItems', 'callCancel'],
  'TRYING CANCEL': ['CANCELLING', 'releaseItems', 'callCancel'],
  'TRYING EXPIRE': ['CANCELLING', 'releaseItems', 'callCancel'],
  'CONFIRMING BRANCHES_SETTLED': ['CONFIRMED'],
  'CANCELLING BRANCHES_SETTLED': ['CANCELLED'],
};

const WITH_BRANCHES: Table = {
  ...WAITING,
  'ABSENT TRY': ['TRYING', 'reserveItems', 'armDeadline', 'callTry'],
  'ABSENT REFUSE': ['CANCELLED'],
  'ABSENT CANCEL': ['CANCELLED'],
  'TRIED CONFIRM': ['CONFIRMING', 'deductItems', 'callConfirm'],
  'TRIED CANCEL': ['CANCELLING', 'releaseItems', 'callCancel'],
  'TRIED EXPIRE': ['CANCELLING', 'releaseItems', 'callCancel'],
  'TRIED EXTEND': ['TRIED', 'armDeadline'],
  'CONFIRMED REFUND': ['CONFIRMED'],
};

const ITEMS: Table = {
  'AVAILABLE RESERVE': ['RESERVED'],
  'RESERVED DEDUCT': ['DEDUCTED'],
  'RESERVED RELEASE': ['AVAILABLE'],
  'DEDUCTED REFUND_PART': ['DEDUCTED'],
  'DEDUCTED REFUND_REST': ['AVAILABLE'],
};

const BRANCHES: Table = {
  'REGISTERED TRY_DONE': ['TRIED'],
  'REGISTERED TRY_REFUSED': ['REFUSED'],
  'REGISTERED CANCEL_DONE': ['CANCELLED'],
  'TRIED CONFIRM_DONE': ['CONFIRMED'],
  'TRIED CANCEL_DONE': ['CANCELLED'],
  'REFUSED CANCEL_DONE': ['CANCELLED'],
  // An operator settles what is not settled, either way, and nothing else.
  'REGISTERED RESOLVE_CONFIRMED': ['CONFIRMED'],
  'REGISTERED RESOLVE_CANCELLED': ['CANCELLED'],
  'TRIED RESOLVE_CONFIRMED': ['CONFIRMED'],
  'TRIED RESOLVE_CANCELLED': ['CANCELLED'],
  'REFUSED RESOLVE_CONFIRMED': ['CONFIRMED'],
  'REFUSED RESOLVE_CANCELLED': ['CANCELLED'],
};

function checkPair(table: Table, state: string, event: string, step: Step<string> | null): void {
  const allowed = table[`${state} ${event}`];
  const expected = allowed === undefined ? null : { to: allowed[0], actions: allowed.slice(1) };
  expect(step, `${state} ${event}`).to.deep.equal(expected);
}

describe('the machines', () => {
  it('let a transaction without branches make the moves of the contract, and no other', () => {
    for (const state of ['ABSENT', ...TRANSACTION_STATES] as const) {
      for (const event of TRANSACTION_EVENTS) {
        checkPair({ ...ALONE, ...WAITING }, state, event, stepTransaction(state, event, { hasBranches: false }));
      }
    }
  });

  it('let one with branches make the moves of the contract, and no other', () => {
    for (const state of ['ABSENT', ...TRANSACTION_STATES] as const) {
      for (const event of TRANSACTION_EVENTS) {
        checkPair(WITH_BRANCHES, state, event, stepTransaction(state, event, { hasBranches: true }));
      }
    }
  });

  it('let an item and a branch make theirs, and no other', () => {
    for (const state of ITEM_STATES)
      for (const event of ITEM_EVENTS) checkPair(ITEMS, state, event, stepReservation(state, event));
    for (const state of BRANCH_STATES)
      for (const event of BRANCH_EVENTS) checkPair(BRANCHES, state, event, stepBranch(state, event));
  });

  it('never lead from one outcome to the other, whatever happens in whatever order', () => {
    const reachable = (start: TransactionState, hasBranches: boolean): Set<string> => {
      const seen = new Set<TransactionState>([start]);
      for (const state of seen) {
        for (const event of TRANSACTION_EVENTS) {
          const step = stepTransaction(state, event, { hasBranches });
          if (step !== null) seen.add(step.to);
        }
      }
      return seen;
    };
    for (const hasBranches of [false, true]) {
      expect([...reachable('CONFIRMING', hasBranches)]).to.have.members(['CONFIRMING', 'CONFIRMED']);
      expect([...reachable('CANCELLING', hasBranches)]).to.have.members(['CANCELLING', 'CANCELLED']);
      expect([...reachable('CONFIRMED', hasBranches)]).to.deep.equal(['CONFIRMED']);
      expect([...reachable('CANCELLED', hasBranches)]).to.deep.equal(['CANCELLED']);
    }
    const settled: readonly BranchState[] = ['CONFIRMED', 'CANCELLED'];
    for (const state of settled) for (const event of BRANCH_EVENTS) expect(stepBranch(state, event)).to.equal(null);
  });

  it('answer the same when asked again, and hand out nothing that one caller could spoil for the next', () => {
    const first = stepTransaction('TRIED', 'CONFIRM', { hasBranches: false });
    expect(stepTransaction('TRIED', 'CONFIRM', { hasBranches: true })?.to).to.equal('CONFIRMING');
    expect(stepTransaction('TRIED', 'CONFIRM', { hasBranches: false })).to.deep.equal(first);
  });
});

describe('the way back through a machine', () => {
  it('names the states an event leads to a state from', () => {
    expect(statesLeadingTo('CONFIRMED', 'CONFIRM', { hasBranches: false })).to.deep.equal(['TRIED']);
    expect(statesLeadingTo('CONFIRMED', 'CONFIRM', { hasBranches: true })).to.deep.equal([]);
    expect(statesLeadingTo('CONFIRMING', 'CONFIRM', { hasBranches: true })).to.deep.equal(['TRIED']);
    expect(statesLeadingTo('CANCELLED', 'CANCEL', { hasBranches: false })).to.deep.equal(['TRIED']);
    expect(statesLeadingTo('CANCELLED', 'EXPIRE', { hasBranches: false })).to.deep.equal(['TRIED']);
    expect(statesLeadingTo('CANCELLING', 'CANCEL', { hasBranches: true })).to.deep.equal(['TRYING', 'TRIED']);
    expect(statesLeadingTo('CANCELLING', 'EXPIRE', { hasBranches: true })).to.deep.equal(['TRYING', 'TRIED']);
    expect(statesLeadingTo('TRIED', 'TRY', { hasBranches: false })).to.deep.equal([]);
  });

  it('does so for items', () => {
    expect(itemStatesLeadingTo('DEDUCTED', 'DEDUCT')).to.deep.equal(['RESERVED']);
    expect(itemStatesLeadingTo('AVAILABLE', 'RELEASE')).to.deep.equal(['RESERVED']);
    expect(itemStatesLeadingTo('AVAILABLE', 'REFUND_REST')).to.deep.equal(['DEDUCTED']);
    expect(itemStatesLeadingTo('RESERVED', 'RESERVE')).to.deep.equal(['AVAILABLE']);
  });

  it('agrees with going forward, for every state and event', () => {
    for (const hasBranches of [false, true]) {
      for (const to of TRANSACTION_STATES) {
        for (const event of TRANSACTION_EVENTS) {
          const forward = TRANSACTION_STATES.filter((state) => stepTransaction(state, event, { hasBranches })?.to === to);
          expect(statesLeadingTo(to, event, { hasBranches })).to.deep.equal(forward);
        }
      }
    }
  });
});

describe('step.ts', () => {
  it('is the only file that asks XState for a transition', () => {
    const sources = ['src', 'workflows', 'bench'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${folder}/${name}`),
    );
    const importers = sources.filter((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      const imports = text.match(/import[^;]*from 'xstate[^']*'/g) ?? [];
      return imports.some((line) => !/^import \{ setup \} from 'xstate'$/.test(line));
    });
    expect(importers).to.deep.equal(['workflows/step.ts']);
  });
});
