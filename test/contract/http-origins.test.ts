// Owns the tests of who may call from a page in a browser (CORS), over a real socket.
import { type RequestOptions, request } from 'node:http';
import { expect } from 'chai';
import { expectGuardedData, HttpFixture } from '../support/http-fixture.ts';

const SHOP = 'https://shop.example';
const ELSEWHERE = 'https://elsewhere.example';
const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const CANCEL = `/v1/transactions/${ID}/cancel`;

/** fetch would not send some of these. */
function sent(port: number, options: RequestOptions): Promise<{ status: number; headers: Headers }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, ...options }, (response) => {
      const headers = new Headers(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, headers }));
    });
    asked.on('error', reject).end();
  });
}

function sharing(headers: Headers): readonly string[] {
  return [...headers.keys()].filter((name) => name.startsWith('access-control'));
}

describe('calls from pages in browsers', () => {
  describe('where no origin is named', () => {
    const http = HttpFixture.forSuite();

    it('share nothing, and answer OPTIONS as ever', async () => {
      for (const method of ['GET', 'OPTIONS']) {
        const headers = { origin: SHOP, 'access-control-request-method': 'POST' };
        const answer = await sent(http.portNumber, { method, path: '/v1/transactions', headers });
        expect(sharing(answer.headers), method).to.deep.equal([]);
        expect(answer.headers.get('vary')).to.equal(null);
        if (method === 'OPTIONS') expect(answer.headers.get('allow')).to.equal('GET, HEAD, POST, OPTIONS');
      }
    });

    it('change nothing from a page of another origin, also where its browser does not ask first', async () => {
      const own = `127.0.0.1:${http.portNumber}`;
      for (const [headers, status] of [
        [{ origin: SHOP }, 403],
        [{ origin: 'null' }, 403],
        [{ origin: SHOP, 'sec-fetch-site': 'cross-site' }, 403],
        [{ origin: `http://${own}` }, 200],
        [{ origin: 'https://public.example', 'sec-fetch-site': 'same-origin' }, 200],
        [{}, 200],
      ] as const) {
        http.reset();
        const answer = await sent(http.portNumber, { method: 'POST', path: CANCEL, headers });
        expect(answer.status, JSON.stringify(headers)).to.equal(status);
        expect(http.port.commands.length).to.equal(status === 200 ? 1 : 0);
      }
      expect((await sent(http.portNumber, { path: '/v1/stock', headers: { origin: SHOP } })).status).to.equal(200);
    });
  });

  describe('where origins are named', () => {
    const http = HttpFixture.forSuite({}, { corsOrigins: [SHOP, 'http://localhost:3000'] });
    const preflight = (origin: string, path = '/v1/transactions') =>
      sent(http.portNumber, {
        method: 'OPTIONS',
        path,
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
      });

    it('answers a preflight of theirs at once, and of nobody else', async () => {
      const { status, headers } = await preflight(SHOP);
      expect(status).to.equal(204);
      expect(headers.get('access-control-allow-origin')).to.equal(SHOP);
      expect(headers.get('access-control-allow-methods')).to.equal('GET,HEAD,POST,PUT,DELETE');
      expect(headers.get('access-control-allow-headers')).to.equal(
        'Authorization,Content-Type,Idempotency-Key,If-Match,If-None-Match,Prefer,traceparent,X-Request-Id',
      );
      expect(headers.get('access-control-max-age')).to.equal('600');
      expect(headers.get('access-control-allow-credentials')).to.equal(null);
      expect(headers.get('vary')).to.include('Origin');
      expectGuardedData(headers);
      for (const origin of [ELSEWHERE, 'null', `${SHOP}.elsewhere.example`, 'http://shop.example', `${SHOP}:8443`]) {
        const refused = await preflight(origin);
        expect([refused.status, refused.headers.get('access-control-allow-origin')], origin).to.deep.equal([204, null]);
      }
      const options = await sent(http.portNumber, { method: 'OPTIONS', path: '/v1/transactions', headers: { origin: SHOP } });
      expect(options.headers.get('allow')).to.equal('GET, HEAD, POST, OPTIONS');
    });

    it('lets their pages read answers, refusals as well, and keeps caches apart', async () => {
      for (const [path, status] of [
        ['/v1/stock', 200],
        ['/v1/nothing', 404],
        ['/openapi.json', 200],
      ] as const) {
        for (const origin of [SHOP, ELSEWHERE]) {
          const answer = await sent(http.portNumber, { path, headers: { origin } });
          expect(answer.status).to.equal(status);
          expect(answer.headers.get('access-control-allow-origin')).to.equal(origin === SHOP ? SHOP : null);
          expect(answer.headers.get('access-control-allow-credentials')).to.equal(null);
          expect(answer.headers.get('vary')).to.equal('Origin');
          expectGuardedData(answer.headers);
        }
      }
      const exposed = (await sent(http.portNumber, { path: '/v1/stock', headers: { origin: SHOP } })).headers;
      expect(exposed.get('access-control-expose-headers')).to.equal(
        'ETag,Location,Retry-After,Idempotent-Replayed,Preference-Applied,X-Request-Id',
      );
      http.isDraining = true;
      const draining = await sent(http.portNumber, { path: '/v1/stock', headers: { origin: SHOP } });
      expect([draining.status, draining.headers.get('access-control-allow-origin')]).to.deep.equal([503, SHOP]);
    });

    it('lets their pages act, and no others', async () => {
      for (const [origin, status] of [
        [SHOP, 200],
        [ELSEWHERE, 403],
      ] as const) {
        http.reset();
        expect((await sent(http.portNumber, { method: 'POST', path: CANCEL, headers: { origin } })).status).to.equal(status);
        expect(http.port.commands.length).to.equal(status === 200 ? 1 : 0);
      }
    });

    it('leaves out the console, pages and probes', async () => {
      for (const path of ['/console', '/console/api/live', '/v1x', '/docs', '/metrics', '/livez', '/problems']) {
        const answer = await sent(http.portNumber, { path, headers: { origin: SHOP, accept: '*/*' } });
        expect(sharing(answer.headers), path).to.deep.equal([]);
        expect(sharing((await preflight(SHOP, path)).headers), path).to.deep.equal([]);
      }
    });
  });
});
