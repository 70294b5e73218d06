// What the client makes of answers: results of a batch, errors with their members, and waiting for a settled transaction.
import { expect } from 'chai';
import { HoldfastClient, HoldfastError, HoldfastUnavailable } from '../../src/client/index.ts';
import { errorOf } from '../support/error-of.ts';
import { answer, refuse, reset, ScriptedServer, type Step } from '../support/scripted-server.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7/;

describe('an answer to the client', () => {
  const server = ScriptedServer.forSuite();
  const client = (): HoldfastClient => new HoldfastClient({ url: server.url, retry: { attempts: 2, initialMs: 1 } });

  it('gives each operation of a batch its own answer, and a Try its id', async () => {
    const failed = { code: 'insufficient-stock', detail: 'No.', retryable: false, shortages: [{ sku: 'A' }] };
    server.script(reset, (response, seen) =>
      answer(200, {
        results: [
          { status: 201, replayed: false, body: { id: (seen.json.operations as { id: string }[])[0]?.id, state: 'TRIED' } },
          { status: 409, replayed: true, body: failed },
        ],
      })(response, seen),
    );
    const results = await client().batch([
      { op: 'try', items: [{ sku: 'A', quantity: 1 }] },
      { op: 'confirm', id: ID },
    ]);
    const [tried, refused] = results;
    expect(tried?.ok === true && tried.transaction.id === tried.id).to.equal(true);
    expect(tried?.id).to.match(UUID7);
    expect(refused?.ok === false && refused.error.code === 'insufficient-stock' && refused.error.shortages).to.have.length(1);
    expect(refused).to.include({ id: ID, status: 409, replayed: true });
    expect(server.seen[1]?.json).to.deep.equal(server.seen[0]?.json);
    server.script(reset, reset);
    const lost = await errorOf(client().batch([{ op: 'cancel', id: ID }, { op: 'try' }]), HoldfastUnavailable);
    expect(lost.ids[0]).to.equal(ID);
    expect(lost.ids[1]).to.match(UUID7);
    expect(lost.id).to.equal(null);
  });

  it('throws problems with their members', async () => {
    const shortages = [{ sku: 'A', warehouse: 'default', requested: 2, available: 1 }];
    server.script(refuse(409, 'insufficient-stock', { shortages }));
    const error = await errorOf(client().try({ id: ID, items: [{ sku: 'A', quantity: 2 }] }), HoldfastError);
    expect(error).to.be.instanceOf(Error);
    expect(error).to.include({ name: 'HoldfastError', status: 409, retryable: false, traceId: 't', id: ID });
    expect(error.message).to.equal('It is insufficient-stock. [insufficient-stock]');
    expect(error.members).to.deep.equal({ shortages });
    expect(error.code === 'insufficient-stock' && error.shortages).to.deep.equal(shortages);
    server.script(refuse(409, 'invalid-transition', { state: 'CONFIRMED' }), refuse(400, 'invalid-request'));
    const wrong = await errorOf(client().cancel(ID), HoldfastError);
    expect(wrong.code === 'invalid-transition' && wrong.state).to.equal('CONFIRMED');
    const invalid = await errorOf(client().extend(ID, 1), HoldfastError);
    expect(invalid.code === 'invalid-request' && invalid.errors).to.deep.equal([]);
  });

  for (const [what, step] of [
    ['no body', (response) => response.writeHead(200).end()],
    ['no body, and a status that says so', (response) => response.writeHead(204).end()],
    ['another body', answer(200, {})],
    ['another body of the same kind', answer(200, { results: [{ status: 200 }], items: 'none', id: 1 })],
  ] as const satisfies readonly (readonly [string, Step])[]) {
    it(`is no answer with ${what}`, async () => {
      const asking: readonly ((to: HoldfastClient) => Promise<unknown>)[] = [
        (to) => to.try({ items: [{ sku: 'A', quantity: 1 }] }),
        (to) => to.confirm(ID),
        (to) => to.get(ID),
        (to) => to.refund(ID),
        (to) => to.settled(ID),
        (to) => to.batch([{ op: 'cancel', id: ID }]),
        (to) => to.list().next(),
        (to) => to.stock.get('A'),
        (to) => to.stock.list().next(),
        (to) => to.stock.count('A', { available: 1 }),
        (to) => to.stock.move({ sku: 'A', kind: 'RECEIVE', quantity: 1 }),
        (to) => to.stock.import('sku', { format: 'csv' }),
        (to) => to.participants.get('x'),
        (to) => to.participants.list().next(),
      ];
      for (const ask of asking) {
        server.script(step);
        const error = await errorOf(ask(client()), HoldfastUnavailable);
        expect(error).to.include({ failure: 'unexpected-answer', attempts: 1, outcome: 'unknown' });
      }
    });
  }

  it('waits until a transaction is settled, and does not ask without a pause', async () => {
    const states = ['TRYING', 'CANCELLING', 'CONFIRMING', 'CONFIRMED'];
    server.script(...states.map((state) => answer(200, { id: ID, state })));
    expect((await client().settled(ID)).state).to.equal('CONFIRMED');
    expect(server.seen.map((seen) => seen.headers.prefer)).to.deep.equal(states.map(() => 'wait=20'));
    const [first, , , last] = server.seen;
    expect((last?.at ?? 0) - (first?.at ?? 0)).to.be.greaterThan(1_400);
    for (const state of ['TRIED', 'CANCELLED']) {
      server.script(answer(200, { id: ID, state }));
      expect((await client().settled(ID)).state).to.equal(state);
    }
    server.script(answer(200, { id: ID, state: 'CANCELLING' }));
    const caller = new AbortController();
    const arrival = server.arrival();
    const waiting = errorOf(client().settled(ID, { signal: caller.signal }));
    await arrival;
    caller.abort();
    expect(await waiting).to.equal(caller.signal.reason);
  });
});
