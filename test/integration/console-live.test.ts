// Owns the tests of the live figures on a real coordinator: what they tell under load, over all of its processes, and that whoever
// listens does not keep it from stopping.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { transactionsOf } from '../support/branches.ts';
import { until } from '../support/call.ts';
import { consoleOf } from '../support/console.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

interface Listening {
  readonly response: IncomingMessage;
  readonly events: Record<string, number>[];
}

async function listen(url: string): Promise<Listening> {
  const [response] = (await once(get(new URL('/console/api/live', url), { agent: false }), 'response')) as [IncomingMessage];
  expect(response.statusCode).to.equal(200);
  const events: Record<string, number>[] = [];
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: ')) events.push(JSON.parse(line.slice('data: '.length)));
  });
  return { response, events };
}

describe('the live figures', function () {
  this.timeout(60_000);
  let postgres: TestServer;

  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres.stop());

  for (const workers of ['1', '2']) {
    it(`tell what ${workers === '1' ? 'a process does' : 'two processes do'}, and end with the coordinator`, async () => {
      const coordinator: CoordinatorProcess = await startCoordinator({ env: { DATABASE_URL: postgres.url, WORKERS: workers } });
      const api = transactionsOf(() => coordinator);
      const sku = `S${workers}`;
      await api.stock(sku, 1_000_000);
      const { events, response } = await listen(coordinator.url);
      const ended = once(response, 'end');
      await until('load is told of', async () => {
        const { body } = await api.begin([], { sku });
        await api.confirm(body.id);
        return events.some((event) => (event.confirmsPerS ?? 0) > 0 && (event.reservedPerS ?? 0) > 0);
      });
      const busy = events.find((event) => (event.confirmsPerS ?? 0) > 0);
      expect(busy?.requestsPerS).to.be.above(0);
      expect(busy?.errorsPerS).to.equal(0);
      expect(busy?.p99Ms).to.be.at.least(busy?.p50Ms ?? 0);
      expect(busy).to.include({ needsAttention: 0 });
      expect((await consoleOf(() => coordinator).read('overview')).workers).to.equal(Number(workers));
      expect(await coordinator.stop()).to.equal(0);
      await ended;
      // Not cut off when the time for what is in flight was up.
      expect(response.complete).to.equal(true);
    });
  }
});
