// Owns the tests of the way from a participant's host to a connection, over real sockets and a resolver that lies: what is judged is
// what is connected to, and what is refused is never connected to.
import { expect } from 'chai';
import { AddressPolicy } from '../../../src/addresses.ts';
import type { BranchCall } from '../../../src/coordinator/effects.ts';
import type { BranchId, Participant, TransactionId } from '../../../src/coordinator/model.ts';
import type { AddressGuard, Resolve } from '../../../src/participants/address-guard.ts';
import { guardedLookup } from '../../../src/participants/address-guard.ts';
import { Connection } from '../../../src/participants/call.ts';
import type { Reply } from '../../../src/participants/reply-table.ts';
import { LOOPBACK_LET_IN, type ParticipantServer, startParticipant } from '../../support/participant-server.ts';

const CALL: BranchCall = {
  transactionId: '00000000-0000-7000-8000-000000000001' as TransactionId,
  branchId: '00000000-0000-7000-8000-00000000000b' as BranchId,
  ...{ participant: 'payment', phase: 'confirm', fence: 1, isUrgent: false },
};

const registrationOf = (url: string): Participant => ({
  ...{ name: 'payment', url, timeoutMs: 5_000, maxConcurrency: 1, createdAt: 0, updatedAt: 0 },
  retry: { initialMs: 10, maxMs: 10, attentionAfter: 1 },
});

async function callAt(url: string, guard: AddressGuard): Promise<Reply> {
  const participant = registrationOf(url);
  const connection = new Connection(participant, guard);
  try {
    return await connection.call(CALL, {
      ...{ branchId: CALL.branchId, fence: 1, holder: 'me', attempts: 0, payload: null, state: 'CONFIRMING', expiresAt: 0 },
      ...{ traceparent: `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01`, isBeforeDeadline: true, participant, secrets: [], now: 0 },
    });
  } finally {
    await connection.destroy();
  }
}

/** Answers each look-up with the next list, the last for ever, and counts. */
function resolverOf(...lists: readonly (readonly string[])[]): { readonly resolve: Resolve; readonly asked: string[] } {
  const asked: string[] = [];
  const resolve: Resolve = (host, _options, callback) => {
    const list = lists[Math.min(asked.length, lists.length - 1)] ?? [];
    asked.push(host);
    setImmediate(() =>
      callback(
        null,
        list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
    );
  };
  return { resolve, asked };
}

describe('the guard of where calls go', () => {
  let server: ParticipantServer;
  const policy = new AddressPolicy(null);

  before(async () => {
    server = await startParticipant();
  });

  it('lets a name be called at an address that is let in, and at no other of its addresses', async () => {
    const { resolve, asked } = resolverOf(['10.0.0.1', '127.0.0.1', '::1']);
    const reply = await callAt(`http://pay.example:${server.port}`, { resolve, policy: new AddressPolicy('127.0.0.1') });
    expect([reply.outcome, asked, server.calls.length]).to.deep.equal(['done', ['pay.example'], 1]);
    const looked = await new Promise((done) =>
      guardedLookup({ policy: new AddressPolicy('127.0.0.1'), ...resolverOf(['10.0.0.1', '127.0.0.1', '::1']) })(
        ...(['pay.example', { all: true }, (_error: unknown, addresses: unknown) => done(addresses)] as const),
      ),
    );
    expect(looked).to.deep.equal([{ address: '127.0.0.1', family: 4 }]);
  });

  it('never connects to a name that has come to stand for another address', async () => {
    const before = server.calls.length;
    // Public at first, as a check before the call would see it; then what the attacker is after.
    const { resolve, asked } = resolverOf(
      ['127.0.0.1'],
      ['127.0.0.2', '::1', '::ffff:127.0.0.2', '169.254.169.254', 'fe80::1%lo'],
    );
    const guard: AddressGuard = { resolve, policy: new AddressPolicy('127.0.0.1') };
    const url = `http://rebinding.example:${server.port}`;
    expect((await callAt(url, guard)).outcome).to.equal('done');
    const reply = await callAt(url, guard);
    expect([reply.outcome, reply.status, reply.isAlive]).to.deep.equal(['failed', null, false]);
    expect(reply.error)
      .to.match(/^not sent: participants may not stand at rebinding\.example \(127\.0\.0\.2, ::1, /)
      .and.include('HOLDFAST_PARTICIPANT_ALLOW lets addresses in');
    expect([asked.length, server.calls.length]).to.deep.equal([2, before + 1]);
  });

  it('looks at an address that stands in the URL, which nothing resolves', async () => {
    const before = server.calls.length;
    const { resolve, asked } = resolverOf(['8.8.8.8']);
    const hosts = ['127.0.0.1', '2130706433', '0x7f.1', '0177.1', '[::ffff:127.0.0.1]', '[::1]', '0.0.0.0', '[::]'];
    for (const host of hosts) {
      const reply = await callAt(`http://${host}:${server.port}`, { resolve, policy });
      expect([reply.outcome, reply.status], host).to.deep.equal(['failed', null]);
      expect(reply.error, host).to.match(/^not sent: participants may not stand at [0-9a-f.:]+; HOLDFAST_PARTICIPANT_ALLOW/);
    }
    expect([asked, server.calls.length]).to.deep.equal([[], before]);
  });

  it('asks the system, and takes the loopback under its name for what it is', async () => {
    const before = server.calls.length;
    const refused = await callAt(`http://localhost:${server.port}`, { policy });
    expect(refused.error).to.match(/may not stand at localhost \(/);
    expect(server.calls.length).to.equal(before);
    expect((await callAt(`http://localhost:${server.port}`, LOOPBACK_LET_IN)).outcome).to.equal('done');
  });

  it('follows no redirect, wherever it leads', async () => {
    const inner = await startParticipant();
    for (const status of [301, 302, 303, 307, 308]) {
      server.behave(() => ({ status, headers: { location: `${inner.url}/confirm` } }));
      const reply = await callAt(server.url, { policy: new AddressPolicy('127.0.0.1') });
      expect([reply.outcome, reply.status]).to.deep.equal(['failed', status]);
      expect(reply.error).to.include('which is not followed');
    }
    server.behave(() => 200);
    expect(inner.calls).to.deep.equal([]);
  });

  it('takes headers as large as anybody needs, and no larger', async () => {
    server.behave(() => ({ status: 200, headers: { 'x-much': 'a'.repeat(20_000) } }));
    const reply = await callAt(server.url, LOOPBACK_LET_IN);
    server.behave(() => 200);
    expect([reply.outcome, reply.status, reply.error]).to.deep.equal(['failed', null, 'Headers Overflow Error']);
  });

  it('hands on what the resolver finds wrong', async () => {
    const resolve: Resolve = (_host, _options, callback) => callback(new Error('no such name') as NodeJS.ErrnoException, []);
    const reply = await callAt('http://gone.example', { policy, resolve });
    expect([reply.outcome, reply.error]).to.deep.equal(['failed', 'no such name']);
  });
});
