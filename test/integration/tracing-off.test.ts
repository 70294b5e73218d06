// Owns the proof that tracing costs nothing where it is off: no module of OpenTelemetry is loaded, nothing is stored, and a caller's
// trace is passed on as it always was.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { readOne } from '../support/audit.ts';
import { transactionsOf } from '../support/branches.ts';
import { receive } from '../support/call.ts';
import { startCollector } from '../support/collector.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { makeFolder } from '../support/folder.ts';
import { startParticipant } from '../support/participant-server.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const HOOK = fileURLToPath(new URL('../support/loaded-modules.mjs', import.meta.url));

describe('tracing that is off', function () {
  this.timeout(60_000);
  let postgres: TestServer;

  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres.stop());

  async function loadedWith(
    env: Readonly<Record<string, string>>,
  ): Promise<{ coordinator: CoordinatorProcess; modules: string }> {
    const file = join(await makeFolder(), 'modules');
    const options = { NODE_OPTIONS: `--import=${pathToFileURL(HOOK)}`, LOADED_MODULES_FILE: file };
    const coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, ...options, ...env } });
    return { coordinator, modules: await readFile(file, 'utf8') };
  }

  it('loads no module of OpenTelemetry without an endpoint, nor where it is disabled', async () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
    for (const env of [
      { OTEL_TRACES_SAMPLER: 'always_on' },
      { ...endpoint, OTEL_SDK_DISABLED: 'true' },
      { ...endpoint, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' },
    ]) {
      const { coordinator, modules } = await loadedWith(env);
      expect(modules).to.include('/src/telemetry/tracing.ts');
      expect(modules).not.to.match(/@opentelemetry/);
      expect(modules).not.to.include('/src/telemetry/tracing-sdk.ts');
      expect(await coordinator.stop()).to.equal(0);
    }
  });

  it('loads them with one', async () => {
    const collector = await startCollector();
    const { coordinator, modules } = await loadedWith({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces` });
    expect(modules).to.match(/@opentelemetry\/sdk-node/);
    await coordinator.request('/v1/stock/none');
    expect(await coordinator.stop()).to.equal(0);
    expect(collector.mediaTypes[0]).to.equal('application/x-protobuf');
  });

  it('passes a caller’s trace on, and keeps no origin', async () => {
    const coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url } });
    const payment = await startParticipant();
    const { register } = transactionsOf(() => coordinator);
    await register('payment', payment);
    await receive(coordinator.url, 'untraced', 10);
    const traceId = randomBytes(16).toString('hex');
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const json = { items: [{ sku: 'untraced', quantity: 1 }], branches: [{ participant: 'payment' }] };
    expect((await coordinator.request('/v1/transactions', { json, headers })).status).to.equal(201);
    expect(payment.calls[0]?.headers.traceparent).to.match(new RegExp(`^00-${traceId}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
    expect(await readOne(postgres.url, 'SELECT count(origin)::int FROM holdfast.transaction', [])).to.equal(0);
    expect(await readOne(postgres.url, 'SELECT traceparent FROM holdfast.branch', [])).to.equal(headers.traceparent);
    expect(await coordinator.stop()).to.equal(0);
  });
});
