// Owns the tests of the headers that keep browsers from misusing an answer: every answer has them, whoever makes it.
import { expect } from 'chai';
import { expectGuardedData, HttpFixture } from '../support/http-fixture.ts';

const GUARDS = [
  "Content-Security-Policy: default-src 'none';frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy: same-origin',
  'Referrer-Policy: no-referrer',
  'X-Content-Type-Options: nosniff',
  'X-Frame-Options: DENY',
];

describe('the headers of every answer', () => {
  const http = HttpFixture.forSuite();

  // Besides, HttpFixture.call looks at those of every answer of every contract test.
  it('stand on answers of every kind', async () => {
    for (const [method, path, status] of [
      ['GET', '/livez', 200],
      ['GET', '/metrics', 200],
      ['GET', '/openapi.json', 200],
      ['HEAD', '/livez', 200],
      ['GET', '/nothing', 404],
      ['DELETE', '/livez', 405],
      ['OPTIONS', '/v1/transactions', 204],
      ['GET', '/v1/stock?limit=x', 400],
      ['GET', '/v1/transactions/%zz', 400],
    ] as const) {
      const response = await fetch(http.base + path, { method });
      await response.arrayBuffer();
      expect(response.status, path).to.equal(status);
      expectGuardedData(response.headers);
    }
  });

  it('stand on pages, each with a policy of its own that runs nothing but its own', async () => {
    for (const path of ['/docs', '/problems', '/problems/not-found']) {
      const response = await fetch(http.base + path, { headers: { accept: 'text/html' } });
      await response.text();
      expectGuardedData(response.headers, true);
      expect(response.headers.get('cross-origin-opener-policy')).to.equal('same-origin');
      expect(response.headers.get('content-security-policy')).to.include("frame-ancestors 'none'").and.include("base-uri 'none'");
    }
  });

  it('stand on what is answered before any route sees it, once each', async () => {
    const large = 'x'.repeat(140_000);
    for (const [bytes, status] of [
      ['hello\r\n\r\n', 400],
      [`GET /livez HTTP/1.1\r\nHost: a\r\nX: ${large}\r\n\r\n`, 431],
      ['GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
      ['GET /livez HTTP/1.1\r\nHost: a\r\nExpect: much\r\nConnection: close\r\n\r\n', 417],
      // A body that nobody wants: the answer comes before its end.
      ['POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n{', 404],
    ] as const) {
      const [head = ''] = (await http.raw(bytes, 4_000)).split('\r\n\r\n');
      const lines = head.split('\r\n');
      expect(lines[0]).to.match(new RegExp(`^HTTP/1\\.1 ${status} `));
      for (const guard of GUARDS)
        expect(
          lines.filter((line) => line === guard),
          `${status} ${guard}`,
        ).to.have.length(1);
      expect(head).not.to.match(/x-powered-by|strict-transport/i);
    }
  });
});
