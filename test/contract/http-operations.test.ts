// Probes, documents, and how the unforeseen is answered (contract, sections 5 and 7).
import { expect } from 'chai';
import { DatabaseUnavailable } from '../../src/coordinator/queries.ts';
import { PROBLEMS } from '../../src/errors.ts';
import { HttpFixture } from '../support/http-fixture.ts';

interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
}

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('operations over HTTP', () => {
  const http = HttpFixture.forSuite();

  it('is alive, and ready as far as PostgreSQL is', async () => {
    expect((await http.call('GET', '/livez')).body).to.deep.equal({ status: 'ok' });
    const cases = [
      ['up', 'up', 200, 'ok'],
      ['up', 'off', 200, 'ok'],
      ['up', 'down', 200, 'degraded'],
      ['down', 'up', 503, 'unavailable'],
    ] as const;
    for (const [postgres, redis, status, name] of cases) {
      http.readiness = { postgres, redis };
      const answer = await http.call('GET', '/readyz', undefined, { headers: { accept: 'text/plain' } });
      expect([answer.status, answer.body]).to.deep.equal([status, { status: name, postgres, redis }]);
    }
  });

  it('begins nothing new while it shuts down', async () => {
    http.isDraining = true;
    const answer = await http.refused(503, 'overloaded', 'GET', '/v1/stock');
    expect(answer.headers.get('connection')).to.equal('close');
    expect((await http.call('GET', '/livez')).status).to.equal(200);
    expect((await http.call('GET', '/readyz')).status).to.equal(503);
  });

  it('serves a document that describes every route, without a dangling reference', async () => {
    const { body } = await http.call('GET', '/openapi.json');
    expect(body.openapi).to.equal('3.1.0');
    expect(Object.keys(body.paths).sort()).to.deep.equal(
      [
        ...[
          '/docs',
          '/livez',
          '/metrics',
          '/openapi.json',
          '/problems',
          '/problems/{code}',
          '/readyz',
          ...['/v1/audit', '/v1/keys', '/v1/keys/{id}', '/v1/keys/{id}/rotate'],
          '/v1/batch',
          '/v1/operations/hottest',
          '/v1/participants',
          '/v1/participants/{name}',
          '/v1/stock',
          '/v1/stock/import',
        ],
        ...['/v1/stock/movements', '/v1/stock/{sku}', '/v1/stock/{sku}/history', '/v1/transactions', '/v1/transactions/{id}'],
        ...['cancel', 'confirm', 'extend', 'refund', 'resolve', 'retry'].map((move) => `/v1/transactions/{id}/${move}`),
      ].sort(),
    );
    const text = JSON.stringify(body);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      expect(body.components.schemas).to.have.property(String(name));
    expect(body.components.schemas.Try.additionalProperties).to.equal(false);
    expect(Object.keys(body.components.schemas.Try.properties)).to.have.members([
      'id',
      'items',
      'branches',
      'timeoutMs',
      'reference',
      'metadata',
    ]);
  });

  it('takes the examples of its own document', async () => {
    const { body: document } = await http.call('GET', '/openapi.json');
    http.port.stockUp('SKU-1', 100);
    const examples = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) =>
        Object.entries(operation.requestBody?.content ?? {}).map(([type, { example }]) => ({ path, method, type, example })),
      ),
    );
    expect(examples).to.have.length(15);
    for (const { path, method, type, example } of examples) {
      // Keys have a real ledger in test/integration/keys.test.ts, and none here.
      if (path.startsWith('/v1/keys')) continue;
      const target = path
        .replace('{id}', '0193b0a4-7c1e-7d00-8000-000000000001')
        .replace('{sku}', 'SKU-1')
        .replace('{name}', 'payment');
      const raw = typeof example === 'string' ? example : JSON.stringify(example);
      const answer = await http.call(method.toUpperCase(), target, undefined, { raw, headers: { 'content-type': type } });
      expect(answer.status, `${method} ${path} ${JSON.stringify(answer.body)}`).to.be.oneOf(
        // There is no such branch, which is as it should be.
        path.endsWith('/resolve') ? [404] : [200, 201, 409],
      );
      expect(answer.body.rejected ?? 0).to.equal(0);
    }
  });

  it('explains every problem to a person, and to a program that asks for JSON', async () => {
    const list = await http.call('GET', '/problems', undefined, { headers: { accept: 'application/json' } });
    expect(list.body.items.map((one: { code: string }) => one.code)).to.deep.equal(Object.keys(PROBLEMS));
    expect((await http.call('GET', '/problems', undefined, { headers: { accept: 'text/html' } })).body).to.match(
      /<!doctype html>/,
    );
    for (const code of Object.keys(PROBLEMS)) {
      const page = await http.call('GET', `/problems/${code}`, undefined, { headers: { accept: 'text/html,*/*;q=0.1' } });
      expect(page.body).to.contain(`<code>${code}</code>`);
      expect(page.headers.get('content-security-policy')).to.match(/^default-src 'none'/);
    }
    expect(
      (await http.call('GET', '/problems/overloaded', undefined, { headers: { accept: 'application/json' } })).body.status,
    ).to.equal(503);
    for (const code of ['constructor', '__proto__', 'x']) await http.refused(404, 'not-found', 'GET', `/problems/${code}`);
  });

  it('has a page to try the API that needs nothing from elsewhere', async () => {
    const page = await http.call('GET', '/docs');
    expect(page.headers.get('content-security-policy')).to.match(/default-src 'none'; script-src 'sha256-/);
    expect(page.body).not.to.match(/(?:src|href)="(?:https?:)?\/\//);
  });

  it('answers a lost database with 503 and an unforeseen fault with 500, logged under its traceId', async () => {
    http.port.readFault = new DatabaseUnavailable(new Error('no connection'));
    await http.refused(503, 'database-unavailable', 'GET', '/v1/stock/SKU-1');
    http.expectNothingAtErrorLevel();
    http.port.readFault = new Error('secret inside');
    const answer = await http.refused(500, 'internal-error', 'GET', '/v1/stock/SKU-1', undefined, {
      headers: { traceparent: TRACEPARENT },
    });
    expect(answer.body.traceId).to.equal('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(JSON.stringify(answer.body)).not.to.contain('secret');
    expect(http.logged.map((line) => [line.level, line.traceId])).to.deep.equal([[50, answer.body.traceId]]);
    const id = '0193b0a4-7c1e-7d00-8000-00000000000a';
    await http.refused(500, 'internal-error', 'GET', `/v1/transactions/${id.toUpperCase()}`);
    expect(http.logged.at(-1)?.transactionId).to.equal(id);
    http.port.readFault = null;
    await http.refused(404, 'unknown-sku', 'GET', '/v1/stock/SKU-1');
    http.port.intercept = () => {
      throw new Error('boom');
    };
    await http.refused(500, 'internal-error', 'POST', '/v1/transactions', { items: [{ sku: 'a', quantity: 1 }] });
  });
});
