// Owns the tests of the way from a grant to a reply, over a port that loses answers: what is held is found again, what is not held is
// not asked, and a stop waits for nobody longer than promised.
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { BranchWorkPort, CallDetails } from '../../../src/coordinator/branch-work.ts';
import type { BranchReplyCommand, Coordinator, VerdictOf } from '../../../src/coordinator/command.ts';
import type { BranchCall } from '../../../src/coordinator/effects.ts';
import type { BranchId, Participant, TransactionId } from '../../../src/coordinator/model.ts';
import { Caller } from '../../../src/participants/caller.ts';
import { Claims } from '../../../src/participants/claims.ts';
import { LOOPBACK_LET_IN, type ParticipantServer, startParticipant } from '../../support/participant-server.ts';

const HOLDER = 'c0000000-0000-4000-8000-000000000001';
const CALL: BranchCall = {
  transactionId: '00000000-0000-7000-8000-000000000001' as TransactionId,
  branchId: '00000000-0000-7000-8000-00000000000b' as BranchId,
  participant: 'payment',
  phase: 'confirm',
  fence: 2,
  isUrgent: false,
};

describe('the caller of participants', () => {
  let server: ParticipantServer;
  let registration: Participant;
  let replies: BranchReplyCommand[];
  let faults: unknown[];
  /** Who holds the branch by the ledger. */
  let holder: string | null;
  let isWaiting: boolean;
  let caller: Caller;
  let claims: Claims;

  const detailsOf = ({ branchId, fence }: BranchCall): CallDetails => ({
    ...{ branchId, fence, holder, attempts: 0, payload: null, traceparent: `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01` },
    ...{ state: 'CONFIRMING', expiresAt: 0, isBeforeDeadline: true, participant: registration, secrets: [], now: 0 },
  });
  const work: BranchWorkPort = {
    beginLease: () => Promise.resolve(),
    renewLease: () => Promise.resolve(true),
    endLeases: () => Promise.resolve(0),
    waitingParticipants: () => Promise.resolve(isWaiting ? [{ participant: registration, isDue: true, now: 0 }] : []),
    claim: () => {
      // Committed, and its answer lost.
      [isWaiting, holder] = [false, HOLDER];
      return Promise.reject(new Error('the connection broke'));
    },
    held: () => Promise.resolve(holder === HOLDER ? [CALL] : []),
    details: (calls) => Promise.resolve(calls.map(detailsOf)),
  };
  const coordinator: Pick<Coordinator, 'submit'> = {
    submit: (command) => {
      replies.push(command as BranchReplyCommand);
      holder = null;
      const transaction = { id: CALL.transactionId, state: 'CONFIRMED' };
      return Promise.resolve({ ok: true, replayed: false, transaction } as VerdictOf<typeof command>);
    },
  };

  beforeEach(async () => {
    server = await startParticipant();
    const retry = { initialMs: 1000, maxMs: 60_000, attentionAfter: 10 };
    registration = {
      ...{ name: 'payment', url: server.url, timeoutMs: 20_000, maxConcurrency: 4, retry },
      ...{ createdAt: 0, updatedAt: 0 },
    };
    [replies, faults, holder, isWaiting] = [[], [], null, false];
    const onFault = (error: unknown): unknown => faults.push(error);
    caller = new Caller({
      guard: LOOPBACK_LET_IN,
      ...{ work, coordinator, leaseHolder: () => HOLDER, onFault },
      onRoom: () => void claims.wake(),
      onDoubt: () => claims.doubt(),
    });
    claims = new Claims({ work, caller, leaseHolder: () => HOLDER, intervalMs: 60_000, onFault });
  });
  afterEach(async () => {
    await claims.stop();
    await caller.stop(0);
    await server.down();
  });

  it('finds what a claim granted whose answer was lost', async () => {
    isWaiting = true;
    await claims.wake();
    expect(faults).to.have.length(1);
    await claims.wake();
    await server.called('confirm');
    while (replies.length === 0) await delay(5);
    expect(replies.map(({ outcome, fence }) => `${outcome} ${fence}`)).to.deep.equal(['done 2']);
  });

  it('finds within seconds what it holds unknowingly, though nothing is known to have gone wrong', async () => {
    holder = HOLDER;
    await claims.wake();
    expect(server.calls).to.have.length(0);
    const { now } = performance;
    performance.now = () => now.call(performance) + 5000;
    await claims.wake().finally(() => Object.assign(performance, { now }));
    await server.called('confirm');
  });

  it('does not ask about a branch that it does not hold, though its fence is the same', async () => {
    for (const other of [null, 'c0000000-0000-4000-8000-000000000002']) {
      holder = other;
      caller.dispatch([CALL]);
      await delay(50);
    }
    expect(server.calls).to.have.length(0);
    holder = HOLDER;
    caller.dispatch([CALL]);
    await server.called('confirm');
  });

  it('stops in time though a call hangs on a connection of an earlier registration', async () => {
    server.behave(() => 'hang');
    holder = HOLDER;
    caller.dispatch([CALL]);
    await server.called('confirm');
    registration = { ...registration, maxConcurrency: 8 };
    caller.queueOf('payment').connect(registration);
    const startedAt = performance.now();
    await caller.stop(100);
    expect(performance.now() - startedAt).to.be.below(2000);
  });
});
