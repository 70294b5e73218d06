// Owns the tests of which scope a path needs: every one of the contract, and that whatever is not on a list is the administrators'.
import { expect } from 'chai';
import fc from 'fast-check';
import { SCOPES } from '../../../src/access/principal.ts';
import { needOf } from '../../../src/access/routes.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND', 'get', ''];
const LOOKS = new Set(['GET', 'HEAD', 'OPTIONS']);

describe('what a route needs', () => {
  it('is nothing for the probes and for signing in, by their very names alone', () => {
    for (const path of ['/livez', '/readyz', '/console/session'])
      for (const method of METHODS) expect(needOf(method, path)).to.equal('none');
    for (const path of ['/livez/', '/readyz/x', '/Livez', '//livez', '/livez;x', '/livez%2f', 'livez', '/console/session/x'])
      for (const method of METHODS) expect(needOf(method, path), `${method} ${path}`).to.not.equal('none');
  });

  it('is to read where it is looked at, and to write by any other method', () => {
    for (const [area, paths] of [
      ['transactions', ['/v1/transactions', `/v1/transactions/${ID}`, `/v1/transactions/${ID}/confirm`, '/v1/transactions/']],
      ['stock', ['/v1/stock', '/v1/stock/SKU-1', '/v1/stock/SKU-1/history', '/v1/stock/movements', '/v1/stock/import']],
    ] as const)
      for (const path of paths)
        for (const method of METHODS)
          expect(needOf(method, path), `${method} ${path}`).to.equal(`${area}:${LOOKS.has(method) ? 'read' : 'write'}`);
    for (const method of METHODS) expect(needOf(method, '/v1/batch')).to.equal('transactions:write');
  });

  it('is to read operations for what people and machines look at, and an administrator for whatever acts there', () => {
    for (const path of [
      '/metrics',
      '/openapi.json',
      '/docs',
      '/console',
      '/console/',
      '/console/api/stuck',
      '/v1/operations/hottest',
    ])
      for (const method of METHODS)
        expect(needOf(method, path), `${method} ${path}`).to.equal(LOOKS.has(method) ? 'operations:read' : 'admin');
  });

  it('is an administrator for interventions, by any method', () => {
    for (const path of [
      ...['retry', 'resolve'].map((act) => `/v1/transactions/${ID}/${act}`),
      ...['retry', 'resolve', 'cancel'].map((act) => `/console/api/transactions/${ID}/${act}`),
      ...['/v1/participants', '/v1/participants/payment', '/v1/keys', `/v1/keys/${ID}`, `/v1/keys/${ID}/rotate`, '/v1/audit'],
    ])
      for (const method of METHODS) expect(needOf(method, path), `${method} ${path}`).to.equal('admin');
  });

  it('is an administrator for what nobody thought of', () => {
    const thought = /^\/(?:livez|readyz|metrics|openapi\.json|docs|problems|console|v1\/(?:transactions|stock|batch|operations))/;
    const anything = fc.oneof(
      fc.string({ unit: 'grapheme' }).map((text) => `/${text}`),
      fc.constantFrom(
        '*',
        '',
        '/',
        '/v1',
        '/v1/',
        '/v2/transactions',
        '/V1/stock',
        '/v1/stocks',
        '/v1/transactionsx',
        '/v1/batch/',
      ),
      fc.constantFrom('/METRICS', '/metrics/', '/docs/', '/openapi.json/', '/problemsx', '/v1/operations', 'http://x/v1/stock'),
    );
    fc.assert(
      fc.property(fc.constantFrom(...METHODS), anything, (method, path) => {
        const need = needOf(method, path);
        if (thought.test(path)) expect([...SCOPES, 'none', 'any']).to.include(need);
        else expect(need).to.equal('admin');
      }),
    );
    for (const path of ['/v1/stocks', '/v1/transactionsx', '/v1/batch/', '/metrics/', '/docs/', '/problemsx', '/v1/operations'])
      expect(needOf('GET', path), path).to.equal('admin');
  });

  it('is to be known, and nothing else, for what explains', () => {
    for (const path of ['/problems', '/problems/forbidden'])
      for (const method of METHODS) expect(needOf(method, path)).to.equal('any');
  });
});
