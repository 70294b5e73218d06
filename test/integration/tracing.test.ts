// Owns the proof of tracing: real coordinators, PostgreSQL, participants, and a collector that real spans arrive at over OTLP.
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { transactionsOf } from '../support/branches.ts';
import { receive, until } from '../support/call.ts';
import { type CollectedSpan, type Collector, startCollector } from '../support/collector.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const newTrace = (): string => randomBytes(16).toString('hex');
const CALLERS_SPAN = '00f067aa0ba902b7';

describe('tracing', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let collector: Collector;
  let coordinator: CoordinatorProcess;
  let payment: ParticipantServer;
  const { register } = transactionsOf(() => coordinator);

  before(async () => {
    [postgres, collector] = await Promise.all([startPostgres(), startCollector()]);
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, ...collector.env } });
    await receive(coordinator.url, 'traced', 1000);
  });
  beforeEach(async () => {
    payment = await startParticipant();
    await register('payment', payment, { timeoutMs: 1000, retry: { initialMs: 100, maxMs: 200, attentionAfter: 5 } });
  });
  after(async () => {
    expect(coordinator.output()).not.to.match(/"level":(50|60)/);
    expect(await coordinator.stop()).to.equal(0);
    await postgres.stop();
  });

  const headersOf = (traceId: string, flags = '01'): Record<string, string> => ({
    traceparent: `00-${traceId}-${CALLERS_SPAN}-${flags}`,
  });
  const post = (path: string, traceId: string, json: unknown = {}, flags = '01'): Promise<Response> =>
    coordinator.request(path, { method: 'POST', headers: headersOf(traceId, flags), json });
  const one = async (condition: (span: CollectedSpan) => boolean): Promise<CollectedSpan> => {
    const [span] = await collector.wait(condition);
    if (span === undefined) throw new Error('no such span');
    return span;
  };
  const serverSpan = (traceId: string): Promise<CollectedSpan> =>
    one((span) => span.traceId === traceId && span.kind === 'server');
  const items = [{ sku: 'traced', quantity: 1 }];
  const branches = [{ participant: 'payment' }];

  it('is one trace from the caller through HTTP, the lane and PostgreSQL', async () => {
    const traceId = newTrace();
    const id = randomUUID();
    expect((await post('/v1/transactions', traceId, { id, items })).status).to.equal(201);
    const server = await serverSpan(traceId);
    expect(server).to.include({ name: 'POST /v1/transactions', parentSpanId: CALLERS_SPAN, isError: false, service: 'holdfast' });
    expect(server.attributes).to.include({
      'http.request.method': 'POST',
      'http.route': '/v1/transactions',
      'http.response.status_code': 201,
      'url.path': '/v1/transactions',
      'url.scheme': 'http',
    });
    const wait = await one(({ name, traceId: of }) => name === 'lane wait' && of === traceId);
    const stay = await one(({ name, traceId: of }) => name === 'lane batch' && of === traceId);
    expect([wait.parentSpanId, stay.parentSpanId]).to.deep.equal([server.spanId, server.spanId]);
    expect(stay.attributes).to.include({ 'holdfast.transaction.id': id, 'holdfast.command': 'try', 'holdfast.outcome': 'ok' });
    expect(wait.end).to.equal(stay.start);
    expect(wait.start).to.be.at.least(server.start);
    const statement = await one(({ parentSpanId }) => parentSpanId === stay.spanId);
    expect(statement).to.include({ name: 'apply_commands', kind: 'client', traceId });
    expect(statement.attributes).to.include({ 'db.system.name': 'postgresql', 'db.operation.name': 'apply_commands' });
  });

  it('tells of a batch in a trace of its own, which links what it carried, and is linked by it', async () => {
    const traceId = newTrace();
    const operations = [1, 2, 3].map(() => ({ op: 'try', id: randomUUID(), items }));
    await post('/v1/batch', traceId, { operations });
    const stays = await collector.wait(({ name, traceId: of }) => name === 'lane batch' && of === traceId, 3);
    const [link] = stays[0]?.links ?? [];
    const batch = await one(({ spanId }) => spanId === link?.spanId);
    expect(batch).to.include({ name: 'batch', parentSpanId: '' });
    expect(batch.traceId).not.to.equal(traceId);
    expect(batch.attributes).to.include({ 'holdfast.lane': 'demand', 'holdfast.batch.size': 3 });
    const server = await serverSpan(traceId);
    expect(batch.links.map(({ spanId }) => spanId)).to.deep.equal([1, 2, 3].map(() => server.spanId));
    expect(batch.links.map(({ transactionId }) => transactionId)).to.deep.equal(operations.map(({ id }) => id));
    expect((await one(({ parentSpanId }) => parentSpanId === batch.spanId)).name).to.equal('apply_commands');
  });

  it('links no more than 128 of what a batch carried', async () => {
    const traceId = newTrace();
    await post('/v1/batch', traceId, { operations: Array.from({ length: 200 }, () => ({ op: 'try', items })) });
    const stays = await collector.wait(({ name, traceId: of }) => name === 'lane batch' && of === traceId, 200);
    const batches = new Set(stays.map(({ links }) => links[0]?.spanId));
    const carried = await collector.wait(({ spanId }) => batches.has(spanId), batches.size);
    const whole = carried.find(({ attributes }) => attributes['holdfast.batch.recorded'] === 200);
    expect(whole?.links).to.have.length(128);
  });

  it('goes on to the participant, which is told the span of the call to it, and back through its reply', async () => {
    const traceId = newTrace();
    const tried = await post('/v1/transactions', traceId, { items, branches });
    expect(tried.status).to.equal(201);
    const { id } = (await tried.json()) as { id: string };
    const server = await serverSpan(traceId);
    const call = await one(({ name, traceId: of }) => name === 'POST try' && of === traceId);
    expect(call).to.include({ kind: 'client', parentSpanId: server.spanId });
    expect(call.attributes).to.include({
      'http.request.method': 'POST',
      'http.response.status_code': 200,
      'url.full': `${payment.url}/try`,
      'holdfast.participant': 'payment',
      'holdfast.transaction.id': id,
      'holdfast.attempt': 1,
    });
    expect(payment.callsOf('try', id)[0]?.headers.traceparent).to.equal(`00-${traceId}-${call.spanId}-01`);
    const reply = await one(({ name, parentSpanId }) => name === 'lane batch' && parentSpanId === call.spanId);
    expect(reply.attributes).to.include({ 'holdfast.command': 'branch-reply', 'holdfast.lane': 'branches' });

    const confirming = newTrace();
    expect((await post(`/v1/transactions/${id}/confirm`, confirming)).status).to.equal(200);
    const confirm = await one(({ name, traceId: of }) => name === 'POST confirm' && of === confirming);
    expect(confirm.parentSpanId).to.equal((await serverSpan(confirming)).spanId);
    expect(confirm.links.map(({ spanId, as }) => [spanId, as])).to.deep.equal([[server.spanId, 'origin']]);
    expect((await serverSpan(confirming)).name).to.equal('POST /v1/transactions/:id/confirm');
  });

  it('makes a retry a trace of its own, linked to where its transaction came from', async () => {
    const traceId = newTrace();
    payment.behave(({ phase }, nth) => (phase === 'try' && nth === 1 ? 500 : 200));
    const tried = await post('/v1/transactions', traceId, { branches });
    const { id } = (await tried.json()) as { id: string };
    await payment.called('try', 2);
    const server = await serverSpan(traceId);
    const first = await one(({ name, traceId: of }) => name === 'POST try' && of === traceId);
    expect(first).to.include({ parentSpanId: server.spanId, isError: true });
    expect(first.attributes).to.include({ 'error.type': '500', 'holdfast.outcome': 'failed' });
    const retry = await one(
      ({ name, attributes }) =>
        name === 'POST try' && attributes['holdfast.transaction.id'] === id && attributes['holdfast.attempt'] === 2,
    );
    expect(retry.traceId).not.to.equal(traceId);
    expect(retry.parentSpanId).to.equal('');
    expect(retry.links).to.deep.equal([{ traceId, spanId: server.spanId, as: 'origin', transactionId: undefined }]);
    expect(retry.attributes['http.request.resend_count']).to.equal(1);
    expect(payment.callsOf('try', id)[1]?.headers.traceparent).to.equal(`00-${retry.traceId}-${retry.spanId}-01`);
  });

  it('makes an expiry a trace of its own, linked to where its transaction came from, its participants included', async () => {
    for (const body of [{ items }, { items, branches }]) {
      const traceId = newTrace();
      const id = randomUUID();
      await post('/v1/transactions', traceId, { id, timeoutMs: 300, ...body });
      const server = await serverSpan(traceId);
      const expiry = await one(
        ({ name, attributes }) =>
          name === 'expiry' &&
          attributes['holdfast.transaction.id'] === id &&
          /^CANCEL/.test(String(attributes['holdfast.outcome'])),
      );
      expect(expiry.parentSpanId).to.equal('');
      expect(expiry.traceId).not.to.equal(traceId);
      expect(expiry.links).to.deep.equal([{ traceId, spanId: server.spanId, as: 'origin', transactionId: undefined }]);
      const stay = await one(({ name, parentSpanId }) => name === 'lane batch' && parentSpanId === expiry.spanId);
      expect(stay.attributes).to.include({ 'holdfast.command': 'expire' });
      if (!('branches' in body)) continue;
      const cancel = await one(({ name, traceId: of }) => name === 'POST cancel' && of === expiry.traceId);
      expect(cancel.parentSpanId).to.equal(expiry.spanId);
      expect(cancel.links).to.deep.equal([{ traceId, spanId: server.spanId, as: 'origin', transactionId: undefined }]);
    }
  });

  it('tells of reads, under their request', async () => {
    const traceId = newTrace();
    await coordinator.request('/v1/stock/traced', { headers: headersOf(traceId) });
    const server = await serverSpan(traceId);
    expect(server.name).to.equal('GET /v1/stock/:sku');
    const read = await one(({ traceId: of, kind }) => of === traceId && kind === 'client');
    expect(read).to.include({ name: 'stock_by_sku', parentSpanId: server.spanId });
  });

  it('answers a problem with the trace of its request, and takes no probe for one', async () => {
    const traceId = newTrace();
    const problem = (await (await post('/v1/transactions', traceId, { items: [] })).json()) as { traceId: string };
    expect(problem.traceId).to.equal(traceId);
    const own = (await (await coordinator.request(`/v1/transactions/${randomUUID()}`)).json()) as { traceId: string };
    expect((await serverSpan(own.traceId)).attributes).to.include({ 'http.response.status_code': 404 });
    await coordinator.request('/readyz');
    expect(collector.spans.filter(({ attributes }) => attributes['url.path'] === '/readyz')).to.deep.equal([]);
  });

  it('records nothing of what its caller does not, and passes that on', async () => {
    const traceId = newTrace();
    const tried = await post('/v1/transactions', traceId, { items, branches, timeoutMs: 300 }, '00');
    const { id } = (await tried.json()) as { id: string };
    expect(payment.callsOf('try', id)[0]?.headers.traceparent).to.match(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    await payment.called('cancel');
    await post('/v1/transactions', newTrace(), { items });
    await delay(300);
    expect(collector.spans.filter((span) => span.traceId === traceId)).to.deep.equal([]);
    expect(collector.spans.filter(({ attributes }) => attributes['holdfast.transaction.id'] === id)).to.deep.equal([]);
  });

  it('goes by the sampler where its caller names no trace', async () => {
    const quiet = await startCollector();
    const env = {
      DATABASE_URL: postgres.url,
      ...quiet.env,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_SERVICE_NAME: 'own',
    };
    const never = await startCoordinator({ env: { ...env, OTEL_TRACES_SAMPLER_ARG: '0' } });
    for (let round = 0; round < 20; round += 1) await never.request('/v1/transactions', { json: { items } });
    const traceId = newTrace();
    await never.request('/v1/transactions', { json: { items }, headers: headersOf(traceId) });
    await quiet.wait((span) => span.traceId === traceId && span.kind === 'server');
    expect(await never.stop()).to.equal(0);
    expect(quiet.spans.filter(({ kind }) => kind === 'server').map((span) => span.traceId)).to.deep.equal([traceId]);
    expect(quiet.spans[0]?.service).to.equal('own');
  });

  it('hands on the last spans when it stops', async () => {
    const late = await startCollector();
    const env = { DATABASE_URL: postgres.url, ...late.env, OTEL_BSP_SCHEDULE_DELAY: '60000' };
    const stopping = await startCoordinator({ env });
    await stopping.request('/v1/transactions', { json: { items } });
    expect(late.spans).to.deep.equal([]);
    expect(await stopping.stop()).to.equal(0);
    expect(late.spans.map(({ name }) => name)).to.include.members(['POST /v1/transactions', 'lane wait', 'lane batch', 'batch']);
  });

  it('does no harm where the collector is away, and says so', async () => {
    const env = { DATABASE_URL: postgres.url, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_BSP_SCHEDULE_DELAY: '50' };
    const alone = await startCoordinator({ env });
    const answers = await Promise.all(Array.from({ length: 50 }, () => alone.request('/v1/transactions', { json: { items } })));
    expect(answers.map(({ status }) => status)).to.deep.equal(answers.map(() => 201));
    await until('it says so', async () => /spans are not handed on/.test(alone.output()));
    expect(await alone.stop()).to.equal(0);
  });

  it('stops in time though the collector hangs', async () => {
    const hanging = createServer().listen(0, '127.0.0.1');
    await once(hanging, 'listening');
    const endpoint = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
    const env = { DATABASE_URL: postgres.url, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_BSP_SCHEDULE_DELAY: '50' };
    const alone = await startCoordinator({ env });
    const connected = once(hanging, 'connection');
    expect((await alone.request('/v1/transactions', { json: { items } })).status).to.equal(201);
    await connected;
    const began = performance.now();
    expect(await alone.stop()).to.equal(0);
    expect(performance.now() - began).to.be.below(10_000);
    hanging.close();
  });
});
