// Waiting for branches over HTTP (contract, section 4, rule 8): for what, for how long, and what is answered then.
import { request } from 'node:http';
import { expect } from 'chai';
import { type Answer, HttpFixture } from '../support/http-fixture.ts';
import { putParticipant } from '../support/port-fake.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const PATH = `/v1/transactions/${ID}`;
const BRANCHES = [{ participant: 'payment', payload: { amount: 1 } }, { participant: 'points' }];
const TRY = { id: ID, items: [{ sku: 'SKU-1', quantity: 2 }], branches: BRANCHES };
const prefer = (value: string) => ({ headers: { Prefer: value } });

/** Done with a pause, so that the call is waiting by then. */
async function whileWaiting(call: Promise<Answer>, change: () => void): Promise<Answer & { readonly tookMs: number }> {
  const startMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 60));
  change();
  return { ...(await call), tookMs: performance.now() - startMs };
}

describe('waiting for branches over HTTP', () => {
  const http = HttpFixture.forSuite();
  beforeEach(() => {
    http.port.stockUp('SKU-1', 10);
    for (const name of ['payment', 'points']) http.port.participantsByName.set(name, putParticipant(name));
  });
  afterEach(() => http.expectNothingAtErrorLevel());
  const tryIt = (options = prefer('wait=0')) => http.call('POST', '/v1/transactions', TRY, options);
  const triedIt = async () => {
    await tryIt();
    http.port.branchesAre(ID, 'TRIED');
  };

  it('answers a Try once its branches are tried: 201, and the wait it honoured', async () => {
    const answer = await whileWaiting(tryIt(prefer('wait=5')), () => http.port.branchesAre(ID, 'TRIED'));
    expect([answer.status, answer.body.state, answer.tookMs < 2_000]).to.deep.equal([201, 'TRIED', true]);
    expect(answer.headers.get('location')).to.equal(PATH);
    expect(answer.headers.get('preference-applied')).to.equal('wait=5');
  });

  it('answers a Try that was refused, cancelled or expired meanwhile with what became of it', async () => {
    for (const [reason, status, code] of [
      ['participant-refused', 409, 'participant-refused'],
      ['requested', 409, 'transaction-cancelled'],
      ['expired', 410, 'reservation-expired'],
    ] as const) {
      http.port.known.clear();
      const call = http.refused(status, code, 'POST', '/v1/transactions', TRY, prefer('wait=5'));
      await whileWaiting(call, () => http.port.branchesAre(ID, 'CANCELLED', reason));
    }
  });

  it('answers 202 with Retry-After when the time is up: after a second without a preference, at once with wait=0', async () => {
    const startMs = performance.now();
    const atOnce = await tryIt();
    const waited = performance.now();
    expect(waited - startMs).to.be.lessThan(500);
    const second = await http.call('POST', '/v1/transactions', TRY);
    expect(performance.now() - waited).to.be.within(950, 5_000);
    for (const answer of [atOnce, second])
      expect([answer.status, answer.body.state, answer.headers.get('retry-after')]).to.deep.equal([202, 'TRYING', '1']);
    expect(atOnce.headers.get('preference-applied')).to.equal('wait=0');
    expect(second.headers.get('preference-applied')).to.equal(null);
    expect(second.headers.get('idempotent-replayed')).to.equal('true');
    const negative = performance.now();
    await tryIt(prefer('wait=-1'));
    expect(performance.now() - negative).to.be.within(950, 5_000);
  });

  it('takes both preferences, in one header or in two', async () => {
    const text = JSON.stringify(TRY);
    const head = `POST /v1/transactions HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n`;
    const twoHeaders = await http.raw(`${head}Prefer: wait=0\r\nPrefer: return=minimal\r\n\r\n${text}`);
    expect(twoHeaders).to.match(/^HTTP\/1\.1 202 .*Preference-Applied: return=minimal, wait=0\r\n/s);
    expect(twoHeaders.endsWith(`{"id":"${ID}","state":"TRYING"}`), twoHeaders).to.equal(true);
    const call = http.call('POST', `${PATH}/cancel`, undefined, prefer('return=minimal, wait=5'));
    const answer = await whileWaiting(call, () => http.port.branchesAre(ID, 'CANCELLED'));
    expect([answer.status, answer.body]).to.deep.equal([200, { id: ID, state: 'CANCELLED' }]);
    expect(answer.headers.get('preference-applied')).to.equal('return=minimal, wait=5');
  });

  it('names no wait for a Try without branches, which never waits', async () => {
    const answer = await http.call('POST', '/v1/transactions', { items: TRY.items }, prefer('wait=5, return=minimal'));
    expect([answer.status, answer.headers.get('preference-applied')]).to.deep.equal([201, 'return=minimal']);
  });

  it('waits for a confirm to be carried out, and lets a confirm wait for its Try', async () => {
    await triedIt();
    const confirm = () => http.call('POST', `${PATH}/confirm`, undefined, prefer('wait=5'));
    const confirmed = await whileWaiting(confirm(), () => http.port.branchesAre(ID, 'CONFIRMED'));
    expect([confirmed.status, confirmed.body.state]).to.deep.equal([200, 'CONFIRMED']);
    http.port.known.clear();
    await tryIt();
    const early = await whileWaiting(confirm(), () => {
      http.port.branchesAre(ID, 'TRIED');
      setTimeout(() => http.port.branchesAre(ID, 'CONFIRMED'), 60);
    });
    expect([early.status, early.body.state]).to.deep.equal([200, 'CONFIRMED']);
  });

  it('tells a confirm that found its Try under way to the end that it may be sent again', async () => {
    await tryIt();
    const answer = await http.refused(409, 'invalid-transition', 'POST', `${PATH}/confirm`, undefined, prefer('wait=0'));
    expect([answer.body.retryable, answer.body.state]).to.deep.equal([true, 'TRYING']);
  });

  it('lets a GET wait only where that is preferred, and then tells the history as it is by then', async () => {
    await tryIt();
    const startMs = performance.now();
    expect((await http.call('GET', PATH)).body.state).to.equal('TRYING');
    expect((await http.call('GET', PATH, undefined, prefer('wait=0'))).body.state).to.equal('TRYING');
    expect(performance.now() - startMs).to.be.lessThan(500);
    const call = http.call('GET', PATH, undefined, prefer('wait=5'));
    const answer = await whileWaiting(call, () => http.port.branchesAre(ID, 'TRIED'));
    expect([answer.status, answer.body.state, answer.body.history[0].to]).to.deep.equal([200, 'TRIED', 'TRIED']);
    expect(answer.headers.get('preference-applied')).to.equal('wait=5');
    // Nothing to wait for any more.
    const again = performance.now();
    expect((await http.call('GET', PATH, undefined, prefer('wait=5'))).status).to.equal(200);
    expect(performance.now() - again).to.be.lessThan(500);
    await http.call('POST', `${PATH}/cancel`, undefined, prefer('wait=0'));
    const late = await http.call('GET', PATH, undefined, prefer('wait=1'));
    expect([late.status, late.body.state]).to.deep.equal([200, 'CANCELLING']);
  });

  it('stops waiting for a caller that went away, and undoes nothing', async () => {
    let reads = 0;
    const read = http.port.transactionsById.bind(http.port);
    http.port.transactionsById = (ids) => {
      reads += 1;
      return read(ids);
    };
    const calls = [
      { method: 'POST', path: '/v1/transactions', text: JSON.stringify(TRY) },
      { method: 'GET', path: PATH, text: '' },
    ];
    for (const { method, path, text } of calls) {
      const headers = { 'content-type': 'application/json', 'content-length': text.length, prefer: 'wait=30' };
      const call = request(http.base + path, { method, headers }).on('error', () => {});
      call.end(text);
      const before = reads;
      while (reads < before + 2) await new Promise((resolve) => setTimeout(resolve, 5));
      call.destroy();
      await new Promise((resolve) => setTimeout(resolve, 60));
      const after = reads;
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(reads, method).to.equal(after);
    }
    expect(http.port.known.get(ID)?.transaction.state).to.equal('TRYING');
  });
});
