// Owns the tests of what a request says of who it comes from: the header in its one form, and the cookie where the console reads.
import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { credentialOf, isCredential } from '../../../src/http/credential.ts';

const KEY = `hf_0193b0a4-7c1e-7d00-8000-000000000001_${'0a'.repeat(32)}`;

function of(headers: Readonly<Record<string, string>>, method = 'GET', path = '/v1/transactions') {
  return credentialOf({ headers, method } as unknown as IncomingMessage, path);
}

describe('what a request says of who it comes from', () => {
  it('is nothing without the header, and the key or token with it', () => {
    expect(of({})).to.equal(null);
    for (const authorization of [`Bearer ${KEY}`, `bearer ${KEY}`, `BEARER   ${KEY}`])
      expect(of({ authorization })).to.deep.equal({ text: KEY, isSession: false });
    expect(of({ authorization: 'Bearer a.b-c_d~e+f/g==' })?.text).to.equal('a.b-c_d~e+f/g==');
  });

  it('is good for nothing where the header is malformed: it does not count as no header, and no cookie takes its place', () => {
    const malformed = [
      ...['', ' ', 'Bearer', 'Bearer ', 'Bearer  ', `Bearer\t${KEY}`, `Bearer${KEY}`, `Basic ${KEY}`, KEY, `Token ${KEY}`],
      ...[`Bearer ${KEY} `, `Bearer ${KEY} ${KEY}`, `Bearer ${KEY},Bearer ${KEY}`, `Bearer "${KEY}"`, `Bearer ${KEY}\u0000`],
      ...[`Bearer ${KEY};`, `Bearer ${KEY}\u00e9`, ` Bearer ${KEY}`, `Bearer ${'a'.repeat(8_193)}`],
    ];
    for (const authorization of malformed)
      for (const cookie of [{}, { cookie: `holdfast_session=${KEY}` }])
        expect(of({ authorization, ...cookie }, 'GET', '/console'), JSON.stringify(authorization.slice(0, 80))).to.deep.equal({
          text: '',
          isSession: false,
        });
  });

  it('is the cookie where the console reads and acts, and nowhere else', () => {
    const cookie = `holdfast_session=${KEY}`;
    const session = { text: KEY, isSession: true };
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'PATCH'])
      for (const path of ['/console', '/console/', '/console/assets/main.js', '/console/api/transactions/x/retry'])
        expect(of({ cookie }, method, path), `${method} ${path}`).to.deep.equal(session);
    const read = [
      ...['/docs', '/openapi.json', '/problems', '/problems/forbidden', '/v1/transactions', '/v1/transactions/x', '/v1/stock'],
      ...['/v1/stock/A', '/v1/stock/A/history', '/v1/operations/hottest'],
    ];
    for (const path of read) {
      for (const method of ['GET', 'HEAD']) expect(of({ cookie }, method, path), `${method} ${path}`).to.deep.equal(session);
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'get'])
        expect(of({ cookie }, method, path), `${method} ${path}`).to.equal(null);
    }
    const never = [
      ...['/v1/keys', '/v1/audit', '/v1/participants', '/v1/participants/payment', '/v1/batch', '/metrics', '/v1', '/', ''],
      ...[
        '/consolex',
        '/Console',
        '//console',
        '/v1/console',
        '/docs/',
        '/openapi.json/x',
        '/v1/transactionsx',
        '/v1/operations',
      ],
    ];
    for (const path of never) for (const method of ['GET', 'POST']) expect(of({ cookie }, method, path), path).to.equal(null);
  });

  it('is the first cookie of that very name, and no other', () => {
    const from = (cookie: string) => of({ cookie }, 'GET', '/console')?.text ?? null;
    expect(from(`a=1; holdfast_session=${KEY}; b=2`)).to.equal(KEY);
    expect(from(`holdfast_session=${KEY};holdfast_session=other`)).to.equal(KEY);
    for (const cookie of [
      ...['', ';', '=', 'holdfast_session', 'holdfast_session=', `holdfast_sessions=${KEY}`, `xholdfast_session=${KEY}`],
      ...[`Holdfast_Session=${KEY}`, `holdfast_session="${KEY}"`, `holdfast_session=a b`, `holdfast_session=é`],
      ...[`__proto__=${KEY}`, `holdfast_session=${'a'.repeat(8_193)}`, `holdfast_session=; holdfast_session=${KEY}`],
    ])
      expect(from(cookie), cookie.slice(0, 80)).to.equal(null);
  });

  it('goes into a cookie only where nothing in it could end it', () => {
    expect(isCredential(KEY)).to.equal(true);
    for (const text of ['', `${KEY}; Path=/x`, `${KEY}\r\nSet-Cookie: a=b`, `${KEY},`, `"${KEY}"`, `${KEY} `, 'é', `${KEY}\n`])
      expect(isCredential(text), JSON.stringify(text)).to.equal(false);
  });
});
