// Owns the proof that the real process has bounds (I12): a full queue refuses at once and recovers, and slow clients are let go
// while others are served.
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { audit } from '../support/audit.ts';
import { answered, brief, call, receive, until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const QUEUE_LIMIT = 20;

describe('overload', function () {
  this.timeout(30_000);
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;

  before(async () => {
    postgres = await startPostgres();
    const limits = {
      HOLDFAST_QUEUE_LIMIT: String(QUEUE_LIMIT),
      HOLDFAST_HEADERS_TIMEOUT_MS: '500',
      HOLDFAST_REQUEST_TIMEOUT_MS: '1000',
    };
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, ...limits } });
  });
  after(async () => {
    expect(await audit(postgres.url)).to.deep.equal([]);
    expect(await coordinator.stop()).to.equal(0);
    expect(coordinator.output()).not.to.match(/"level":(50|60)/);
    await postgres.stop();
  });

  it('refuses at once what the queue has no room for, loses nothing of what it took, and recovers', async () => {
    await receive(coordinator.url, 'crowd', 1_000);
    postgres.pause();
    const body = { items: [{ sku: 'crowd', quantity: 1 }] };
    const start = performance.now();
    const crowd = Array.from({ length: 200 }, async () => {
      const answer = await answered(coordinator.url, 'POST', '/v1/transactions', body);
      return { told: brief(answer), retryAfter: answer.headers.get('retry-after'), after: performance.now() - start };
    });
    // While PostgreSQL stands still, nothing but a refusal can be answered.
    const refusedAtOnce = await Promise.race([Promise.all(crowd.map((each) => each.catch(() => null))), delay(2_500)]).finally(
      () => postgres.resume(),
    );
    expect(refusedAtOnce).to.equal(undefined);
    const answers = await Promise.all(crowd);
    const refused = answers.filter(({ told }) => told === '503 overloaded');
    const held = answers.filter(({ told }) => told === '201 TRIED');
    expect(refused.length + held.length).to.equal(answers.length);
    // What waits, and what is under way.
    expect(held.length).to.be.within(QUEUE_LIMIT, 5 * QUEUE_LIMIT);
    for (const { retryAfter, after } of refused) {
      expect(Number(retryAfter)).to.be.at.least(1);
      expect(after).to.be.below(2_500);
    }
    expect((await answered(coordinator.url, 'GET', '/v1/stock/crowd')).body.reserved).to.equal(held.length);
    expect(brief(await call(coordinator.url, 'POST', '/v1/transactions', body))).to.equal('201 TRIED');
  });

  it('lets slow clients go in time, and serves the others meanwhile', async () => {
    await receive(coordinator.url, 'busy', 1_000);
    const head = 'POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\n';
    const half = Array.from({ length: 40 }, () =>
      slowClient(coordinator.url, `${head}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{"it`, ' '),
    );
    const headers = Array.from({ length: 40 }, () => slowClient(coordinator.url, head, 'X-Slow: 1\r\n'));
    const silent = Array.from({ length: 40 }, () => slowClient(coordinator.url, '', ''));
    const slow = [...half, ...headers];
    let served = 0;
    while (slow.some(({ isOpen }) => isOpen())) {
      const answer = await answered(coordinator.url, 'POST', '/v1/transactions', { items: [{ sku: 'busy', quantity: 1 }] });
      expect(brief(answer)).to.equal('201 TRIED');
      served += 1;
      await delay(20);
    }
    expect(served).to.be.above(3);
    for (const client of slow) expect(client.told()).to.match(/^HTTP\/1\.1 408 /);
    expect((await answered(coordinator.url, 'GET', '/v1/stock/busy')).body.reserved).to.equal(served);
    for (const { end } of [...slow, ...silent]) end();
    await until('it goes on', async () => (await call(coordinator.url, 'GET', '/readyz'))?.status === 200);
  });
});

interface SlowClient {
  isOpen(): boolean;
  told(): string;
  end(): void;
}

/** Sends a beginning, and then a little more every 100 ms for as long as the other side takes it. */
function slowClient(url: string, beginning: string, more: string): SlowClient {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect(Number(port), hostname);
  let told = '';
  let closed = false;
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    told += chunk.toString('latin1');
  });
  socket.write(beginning);
  const drip = setInterval(() => socket.writable && socket.write(more), 100);
  socket.on('close', () => {
    closed = true;
    clearInterval(drip);
  });
  return { isOpen: () => !closed, told: () => told, end: () => socket.destroy() };
}
