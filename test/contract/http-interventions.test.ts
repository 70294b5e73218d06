// What operators do about branches that are stuck, over HTTP (contract, section 4): retry and resolve.
import { expect } from 'chai';
import type { ResolveCommand, RetryCommand } from '../../src/coordinator/command.ts';
import type { Transaction } from '../../src/coordinator/model.ts';
import { HttpFixture } from '../support/http-fixture.ts';
import { FIXED_NOW_MS, putParticipant } from '../support/port-fake.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const UNKNOWN = '0193b0a4-7c1e-7d00-8000-0000000000aa';
const PATH = `/v1/transactions/${ID}`;
const AT_ONCE = { headers: { Prefer: 'wait=0' } };
const NOTE = 'charged by hand — チケット 4711';

describe('operators over HTTP', () => {
  const http = HttpFixture.forSuite();
  beforeEach(async () => {
    http.port.participantsByName.set('payment', putParticipant('payment'));
    const branches = [{ participant: 'payment' }, { participant: 'payment' }];
    await http.call('POST', '/v1/transactions', { id: ID, branches }, AT_ONCE);
    http.port.branchesAre(ID, 'TRIED');
    http.port.commands.length = 0;
  });
  afterEach(() => http.expectNothingAtErrorLevel());

  const stored = (): Transaction => {
    const known = http.port.known.get(ID);
    if (known === undefined) throw new Error('it is not there');
    return known.transaction;
  };
  const branchId = (index: number): string => stored().branches[index]?.id ?? '';
  const resolve = (body: unknown) => http.call('POST', `${PATH}/resolve`, body);

  it('retry what waits: the answer shows it being asked', async () => {
    const known = http.port.known.get(ID);
    if (known !== undefined) {
      const waiting = { kind: 'waiting', phase: 'confirm', at: FIXED_NOW_MS } as const;
      const branches = known.transaction.branches.map((branch) => ({ ...branch, work: waiting }));
      known.transaction = { ...known.transaction, state: 'CONFIRMING', branches };
    }
    for (const body of [undefined, {}]) {
      const answer = await http.call('POST', `${PATH}/retry`, body);
      expect([answer.status, answer.body.state]).to.deep.equal([200, 'CONFIRMING']);
      expect(answer.body.branches[0]).to.deep.include({ phase: 'confirm', nextAttemptAt: null });
    }
    const commands = http.port.commands as RetryCommand[];
    expect(commands.map(({ id, by }) => ({ id, by }))[0]).to.deep.equal({ id: ID, by: 'unauthenticated at 127.0.0.1' });
  });

  it('resolve a branch: once, and the same again as a replay; the last one ends the transaction', async () => {
    await http.call('POST', `${PATH}/confirm`, undefined, AT_ONCE);
    const first = { branchId: branchId(0).toUpperCase(), as: 'CANCELLED', note: NOTE };
    const answer = await resolve(first);
    expect([answer.status, answer.body.state, answer.body.branches[0].state]).to.deep.equal([200, 'CONFIRMING', 'CANCELLED']);
    const again = await resolve(first);
    expect([again.status, again.headers.get('idempotent-replayed')]).to.deep.equal([200, 'true']);
    const { kind, branchId: named, as, note, by } = http.port.commands.at(-1) as ResolveCommand;
    expect({ kind, named, as, note, by }).to.deep.equal({
      ...{ kind: 'resolve', named: branchId(0), as: 'CANCELLED', note: NOTE },
      by: 'unauthenticated at 127.0.0.1',
    });
    const last = await resolve({ branchId: branchId(1), as: 'CONFIRMED', note: NOTE });
    expect([last.status, last.body.state]).to.deep.equal([200, 'CONFIRMED']);
  });

  it('are refused where there is nothing to resolve, or nothing of that name', async () => {
    const body = { branchId: branchId(0), as: 'CONFIRMED', note: NOTE };
    const early = await http.refused(409, 'invalid-transition', 'POST', `${PATH}/resolve`, body);
    expect(early.body.state).to.equal('TRIED');
    await http.refused(404, 'not-found', 'POST', `${PATH}/resolve`, { ...body, branchId: UNKNOWN });
    await http.refused(404, 'unknown-transaction', 'POST', `/v1/transactions/${UNKNOWN}/resolve`, body);
    await http.refused(404, 'unknown-transaction', 'POST', `/v1/transactions/${UNKNOWN}/retry`);
  });

  it('are refused what is out of form, naming the place', async () => {
    const good = { branchId: branchId(0), as: 'CONFIRMED', note: NOTE };
    const { note: _, ...withoutNote } = good;
    const bad: readonly (readonly [string, unknown])[] = [
      ['branchId', { ...good, branchId: 'first' }],
      ['branchId', { as: 'CONFIRMED', note: NOTE }],
      ...['TRIED', 'confirmed', null, undefined].map((as) => ['as', { ...good, as }] as const),
      ['note', withoutNote],
      ...['', 'x'.repeat(501), 'a\u0000', null, 7].map((note) => ['note', { ...good, note }] as const),
      ['by', { ...good, by: 'somebody else' }],
      ['', []],
    ];
    for (const [path, body] of bad) {
      const answer = await http.refused(400, 'invalid-request', 'POST', `${PATH}/resolve`, body);
      expect(answer.body.errors[0].path, JSON.stringify(body)).to.equal(path);
    }
    await http.refused(400, 'malformed-json', 'POST', `${PATH}/resolve`);
    for (const body of [{ branchId: branchId(0) }, [], 'now'])
      await http.refused(400, 'invalid-request', 'POST', `${PATH}/retry`, body);
    for (const route of ['retry', 'resolve']) {
      await http.refused(400, 'invalid-request', 'POST', `/v1/transactions/x/${route}`, good);
      await http.refused(400, 'invalid-request', 'POST', `${PATH}/${route}?x=1`, good);
      const answer = await http.refused(405, 'method-not-allowed', 'GET', `${PATH}/${route}`);
      expect(answer.headers.get('allow')).to.equal('POST');
    }
    expect(http.port.commands).to.deep.equal([]);
  });
});
