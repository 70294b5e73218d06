// Owns the test that figures reach an OTLP endpoint as they stand at /metrics, under OpenTelemetry's names, and that one that does not
// answer harms nobody.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { mixedLoad } from '../support/mixed-load.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

interface Point {
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
  readonly asDouble?: number;
  readonly count?: number | string;
  readonly bucketCounts?: readonly (number | string)[];
  readonly explicitBounds?: readonly number[];
}

interface Sent {
  readonly name: string;
  readonly unit: string;
  readonly sum?: { readonly dataPoints: readonly Point[]; readonly isMonotonic: boolean };
  readonly gauge?: { readonly dataPoints: readonly Point[] };
  readonly histogram?: { readonly dataPoints: readonly Point[] };
}

interface Request {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: Point['attributes'] };
    readonly scopeMetrics: readonly { readonly metrics: readonly Sent[] }[];
  }[];
}

const textOf = (attributes: Point['attributes'], name: string): string | undefined =>
  attributes.find(({ key }) => key === name)?.value.stringValue;

describe('figures over OTLP', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let collector: Server;
  let url = '';
  let last: Request | null = null;
  let isHanging = false;

  before(async () => {
    postgres = await startPostgres();
    collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (isHanging) return;
        if (request.url === '/v1/metrics') last = JSON.parse(Buffer.concat(chunks).toString()) as Request;
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    collector.listen(0, '127.0.0.1');
    await once(collector, 'listening');
    url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  });
  after(async () => {
    collector.closeAllConnections();
    await new Promise((resolve) => collector.close(resolve));
    await postgres.stop();
  });

  const start = (): Promise<CoordinatorProcess> =>
    startCoordinator({
      env: {
        DATABASE_URL: postgres.url,
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_METRIC_EXPORT_INTERVAL: '300',
        OTEL_METRIC_EXPORT_TIMEOUT: '300',
      },
    });
  const sent = (): readonly Sent[] =>
    last?.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics)) ?? [];

  it('arrive under the names of the conventions, with their kinds and units', async () => {
    const coordinator = await start();
    await mixedLoad(coordinator);
    const units = (): readonly Point[] => sent().find(({ name }) => name === 'holdfast.stock_units')?.sum?.dataPoints ?? [];
    const moved = (move: string): number | undefined =>
      units().find(({ attributes }) => textOf(attributes, 'move') === move)?.asDouble;
    // What was sent while the load went on knows a part of it.
    const whole = Date.now() + 1_000;
    await until('what was refunded is told', async () => moved('refunded') === 3 && Date.now() > whole);
    expect(moved('received')).to.equal(100);
    const service = last?.resourceMetrics[0]?.resource.attributes ?? [];
    expect(textOf(service, 'service.name')).to.equal('holdfast');
    const requests = sent().find(({ name }) => name === 'http.server.request.duration');
    expect(requests?.unit).to.equal('s');
    const confirm = requests?.histogram?.dataPoints.find(
      ({ attributes }) =>
        textOf(attributes, 'http.route') === '/v1/transactions/:id/confirm' && textOf(attributes, 'error.type') === undefined,
    );
    expect(Number(confirm?.count)).to.equal(2);
    expect(confirm?.bucketCounts?.length).to.equal((confirm?.explicitBounds?.length ?? 0) + 1);
    // Asked of PostgreSQL beside it: one that takes long is told with the next figures.
    const open = (): readonly Point[] | undefined =>
      sent().find(({ name }) => name === 'holdfast.transactions_open')?.gauge?.dataPoints;
    await until('how things stand is told', async () => open()?.length === 4);
    expect(sent().find(({ name }) => name === 'process.cpu.time')?.sum?.isMonotonic).to.equal(true);
    expect(await coordinator.stop()).to.equal(0);
  });

  it('hold nobody up where the endpoint hangs, the stop included', async () => {
    isHanging = true;
    const coordinator = await start();
    expect(
      (await coordinator.request('/v1/stock/movements', { json: { sku: 'H', kind: 'RECEIVE', quantity: 1 } })).status,
    ).to.equal(201);
    const begun = performance.now();
    expect(await coordinator.stop()).to.equal(0);
    expect(performance.now() - begun, 'the contract gives a stop 10 s').to.be.below(10_000);
  });
});
