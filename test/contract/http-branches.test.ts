// Transactions with branches over HTTP (contract, section 4): what is asked for, and what is shown of them.
import { expect } from 'chai';
import type { CancelCommand, ConfirmCommand, TryCommand } from '../../src/coordinator/command.ts';
import type { Branch, TransactionId } from '../../src/coordinator/model.ts';
import { HttpFixture } from '../support/http-fixture.ts';
import { blank, FIXED_NOW_MS, putParticipant } from '../support/port-fake.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const PATH = `/v1/transactions/${ID}`;
const BRANCHES = [{ participant: 'payment', payload: { amount: 1 } }, { participant: 'points' }];
const TRY = { id: ID, items: [{ sku: 'SKU-1', quantity: 2 }], branches: BRANCHES };
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const prefer = (value: string) => ({ headers: { Prefer: value } });

describe('branches over HTTP', () => {
  const http = HttpFixture.forSuite();
  beforeEach(() => {
    http.port.stockUp('SKU-1', 10);
    for (const name of ['payment', 'points']) http.port.participantsByName.set(name, putParticipant(name));
  });
  afterEach(() => http.expectNothingAtErrorLevel());
  const tryIt = (options = prefer('wait=0')) => http.call('POST', '/v1/transactions', TRY, options);

  it('makes a command of each branch: an id of its own, the payload as JSON text or null', async () => {
    await tryIt();
    const { branches, traceparent } = http.port.commands[0] as TryCommand;
    expect(branches.map(({ participant, payload }) => ({ participant, payload }))).to.deep.equal([
      { participant: 'payment', payload: '{"amount":1}' },
      { participant: 'points', payload: null },
    ]);
    expect(branches[0]?.id)
      .to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
      .and.not.equal(branches[1]?.id);
    expect(traceparent).to.equal(null);
  });

  it('takes the same branches for the same content, however their payloads are written, and others for other', async () => {
    const hashes = new Map<string, string[]>();
    const bodies: readonly (readonly [string, unknown])[] = [
      ['same', [{ participant: 'payment', payload: { a: 1, b: [null] } }, { participant: 'points' }]],
      [
        'same',
        [
          { payload: { b: [null], a: 1 }, participant: 'payment' },
          { participant: 'points', payload: null },
        ],
      ],
      ['turned', [{ participant: 'points' }, { participant: 'payment', payload: { a: 1, b: [null] } }]],
      ['fewer', [{ participant: 'payment', payload: { a: 1, b: [null] } }]],
      ['other payload', [{ participant: 'payment', payload: { a: 2, b: [null] } }, { participant: 'points' }]],
      ['text payload', [{ participant: 'payment', payload: '{"a":1,"b":[null]}' }, { participant: 'points' }]],
    ];
    for (const [name, branches] of bodies) {
      await http.call('POST', '/v1/transactions', { branches }, prefer('wait=0'));
      const { contentHash } = http.port.commands.at(-1) as TryCommand;
      hashes.set(contentHash, [...(hashes.get(contentHash) ?? []), name]);
    }
    expect([...hashes.values()]).to.deep.equal([['same', 'same'], ['turned'], ['fewer'], ['other payload'], ['text payload']]);
  });

  it('takes payloads of any JSON up to 16 KiB, and none deeper than 500 levels', async () => {
    const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    for (const payload of ['x'.repeat(16_382), 0, false, [], nested(500), JSON.parse('{"__proto__":{"a":1}}')]) {
      const answer = await http.call('POST', '/v1/transactions', { branches: [{ participant: 'p', payload }] });
      expect(answer.body.code).to.equal('unknown-participant');
      expect((http.port.commands.at(-1) as TryCommand).branches[0]?.payload).to.equal(JSON.stringify(payload));
    }
    for (const payload of ['x'.repeat(16_383), nested(502), nested(8_000), 'a\u0000', { 'a\u0000': 1 }]) {
      const body = { branches: [{ participant: 'payment', payload }] };
      const answer = await http.refused(400, 'invalid-request', 'POST', '/v1/transactions', body);
      expect(answer.body.errors[0].path).to.equal('branches[0].payload');
    }
  });

  it('passes the trace of the caller on to the participants, of a batch too', async () => {
    const headers = { Prefer: 'wait=0', traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
    await http.call('POST', '/v1/transactions', TRY, { headers });
    await http.call('POST', `${PATH}/confirm`, undefined, { headers });
    await http.call('POST', `${PATH}/cancel`, undefined, { headers });
    const operations = [{ op: 'try', ...TRY }, ...['confirm', 'cancel'].map((op) => ({ op, id: ID }))];
    await http.call('POST', '/v1/batch', { operations }, { headers });
    const commands = http.port.commands as (TryCommand | ConfirmCommand | CancelCommand)[];
    expect(commands.map(({ kind, traceparent }) => [kind, traceparent])).to.deep.equal(
      ['try', 'confirm', 'cancel', 'try', 'confirm', 'cancel'].map((kind) => [kind, headers.traceparent]),
    );
    await http.call('POST', `${PATH}/cancel`, undefined, { headers: { ...headers, traceparent: '00-x' } });
    expect((http.port.commands.at(-1) as CancelCommand).traceparent).to.equal(null);
  });

  it('shows of a branch what a caller may know, with its text escaped', async () => {
    const hidden = { failures: 3, attemptsInAll: 9, resolved: false, fence: 4, traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
    const branch = (more: Partial<Branch>): Branch =>
      ({
        id: ID,
        participant: 'eu/pay:1',
        state: 'TRIED',
        attempts: 3,
        lastError: null,
        needsAttention: false,
        ...hidden,
        ...more,
      }) as Branch;
    const branches = [
      branch({ work: { kind: 'waiting', phase: 'confirm', at: FIXED_NOW_MS }, lastError: '500: "no"\n💥', needsAttention: true }),
      branch({ work: { kind: 'under-way', phase: 'cancel' } }),
      branch({ work: { kind: 'none' } }),
    ];
    const transaction = { ...blank(ID as TransactionId, 'CONFIRMING'), branches, needsAttention: true };
    http.port.known.set(ID, { transaction, contentHash: '', refusal: null });
    const shown = { id: ID, participant: 'eu/pay:1', state: 'TRIED', attempts: 3, needsAttention: false, lastError: null };
    expect((await http.call('GET', PATH)).body.branches).to.deep.equal([
      { ...shown, phase: 'confirm', nextAttemptAt: '2026-11-22T08:00:00.000Z', lastError: '500: "no"\n💥', needsAttention: true },
      { ...shown, phase: 'cancel', nextAttemptAt: null },
      { ...shown, phase: null, nextAttemptAt: null },
    ]);
  });
});
