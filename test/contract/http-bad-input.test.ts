// What a hostile or careless caller may send: each gets its 4xx with a clear message, reaches no port, and is not logged as an error.
import { expect } from 'chai';
import { HttpFixture } from '../support/http-fixture.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const JSON_TYPE = { 'content-type': 'application/json' };
const MEBIBYTE = 1_048_576;

describe('bad input over HTTP', () => {
  const http = HttpFixture.forSuite();
  beforeEach(() => http.port.stockUp('SKU-1', 10));
  afterEach(() => {
    expect(http.port.commands).to.deep.equal([]);
    http.expectNothingAtErrorLevel();
  });
  const raw = (
    status: number,
    code: string,
    text: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = JSON_TYPE,
  ) => http.refused(status, code, 'POST', '/v1/transactions', undefined, { raw: text, headers });

  it('refuses bodies that are not JSON', async () => {
    for (const text of [
      '{',
      'hello',
      '{"a":NaN}',
      "{'a':1}",
      '{"a":1,}',
      '\u0000',
      '{"items":[{"sku":"a","quantity":Infinity}]}',
      ' ',
    ]) {
      await raw(400, 'malformed-json', text);
    }
    await raw(400, 'malformed-json', new Uint8Array([0x22, 0xff, 0xfe, 0x22]));
    await http.refused(400, 'malformed-json', 'POST', '/v1/transactions', undefined, { headers: JSON_TYPE });
  });

  it('refuses JSON that is no request', async () => {
    for (const text of [
      'null',
      '[]',
      '1',
      '"text"',
      'true',
      '{"items":null}',
      '{"items":{}}',
      '{"items":[null]}',
      '{"items":[[]]}',
    ]) {
      await raw(400, 'invalid-request', text);
    }
  });

  it('refuses an end of a key that no answer could tell', async () => {
    for (const expiresAt of ['9999-12-31T23:59:59.999-00:01', '9999-12-31T23:59:59.999-23:59', '+010000-01-01T00:00:00Z']) {
      const body = { name: 'for ever', scopes: ['stock:read'], expiresAt };
      const answer = await http.refused(400, 'invalid-request', 'POST', '/v1/keys', body);
      expect(answer.body.errors[0].path).to.equal('expiresAt');
    }
  });

  it('refuses to keep a number that would be kept as another one: a payload would reach its participant changed', async () => {
    const numbers = ['9007199254740993', '-12345678901234567891', '1e400'];
    for (const number of numbers) {
      const metadata = await raw(400, 'invalid-request', `{"items":[{"sku":"SKU-1","quantity":1}],"metadata":{"n":[${number}]}}`);
      expect(metadata.body.errors[0].message).to.match(/^must not contain a (whole )?number beyond/);
      const payload = await raw(
        400,
        'invalid-request',
        `{"branches":[{"participant":"payment","payload":{"account":${number}}}]}`,
      );
      expect(payload.body.errors[0].path).to.equal('branches[0].payload');
    }
  });

  it('refuses quantities that are no whole number in bounds, naming the place', async () => {
    for (const quantity of ['"2"', '1e308', '-0', '0', '-1', '1.5', '1000000001', 'null', 'true', '[1]', '{}', '1e400']) {
      const answer = await raw(400, 'invalid-request', `{"items":[{"sku":"SKU-1","quantity":${quantity}}]}`);
      expect(answer.body.errors[0].path).to.equal('items[0].quantity');
      expect(answer.body.errors[0].message).to.match(/whole number from 1 to 1000000000/);
    }
    for (const timeoutMs of ['99', '86400001', '"1000"', '1000.5', '-0']) {
      await raw(400, 'invalid-request', `{"timeoutMs":${timeoutMs},"items":[{"sku":"SKU-1","quantity":1}]}`);
    }
  });

  it('refuses baskets that are too long, or add up to too much', async () => {
    const items = (count: number, quantity: number) => ({
      items: Array.from({ length: count }, () => ({ sku: 'SKU-1', quantity })),
    });
    await http.refused(400, 'invalid-request', 'POST', '/v1/transactions', items(201, 1));
    const answer = await http.refused(400, 'invalid-request', 'POST', '/v1/transactions', items(2, 500_000_001));
    expect(answer.body.detail).to.match(/add up to more than 1000000000/);
    const branches = Array.from({ length: 21 }, () => ({ participant: 'p' }));
    await http.refused(400, 'invalid-request', 'POST', '/v1/transactions', { branches });
  });

  it('refuses names outside their alphabet', async () => {
    for (const sku of [
      '',
      '.',
      '..',
      ' ',
      'a b',
      'ключ',
      'a\u0000',
      'a\n',
      '💥',
      'a'.repeat(129),
      '%2F',
      'a\\b',
      'ﬁ',
      '<script>',
    ]) {
      const answer = await http.refused(400, 'invalid-request', 'POST', '/v1/transactions', { items: [{ sku, quantity: 1 }] });
      expect(answer.body.errors[0].path).to.equal('items[0].sku');
    }
  });

  it('refuses text that cannot be stored, and text that is too long', async () => {
    const good = { items: [{ sku: 'SKU-1', quantity: 1 }] };
    const bad = [
      { reference: 'a\u0000b' },
      { reference: 'x'.repeat(129) },
      { reference: 7 },
      { metadata: [] },
      { metadata: 'text' },
      { metadata: { a: 'x'.repeat(4096) } },
      { metadata: { 'a\u0000': 1 } },
      { metadata: { a: { b: ['\u0000'] } } },
    ];
    for (const more of bad) await http.refused(400, 'invalid-request', 'POST', '/v1/transactions', { ...good, ...more });
    for (const text of [
      '"reference":"\\ud800"',
      '"metadata":{"a":"\\udc00"}',
      '"metadata":{"\\ud800":1}',
      '"metadata":{"a":1e999}',
    ]) {
      await raw(400, 'invalid-request', `{"items":[{"sku":"SKU-1","quantity":1}],${text}}`);
    }
    await http.refused(400, 'invalid-request', 'POST', `/v1/transactions/${ID}/cancel`, { reason: 'x'.repeat(501) });
  });

  it('refuses unknown fields, those that reach for the prototype among them', async () => {
    for (const field of ['x', '__proto__', 'constructor', 'prototype', 'toString', 'Items']) {
      const answer = await raw(400, 'invalid-request', `{"items":[{"sku":"SKU-1","quantity":1}],"${field}":{"polluted":true}}`);
      expect(answer.body.errors[0]).to.deep.equal({ path: field, message: 'is not known here' });
      await raw(400, 'invalid-request', `{"items":[{"sku":"SKU-1","quantity":1,"${field}":1}]}`);
    }
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
  });

  it('refuses deep and huge JSON quickly, naming at most 50 faults', async () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    await raw(400, 'invalid-request', deep);
    await raw(400, 'invalid-request', `{"metadata":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)},"items":[]}`);
    await raw(400, 'invalid-request', `{"items":[${'1,'.repeat(400_000)}1]}`);
    const unknown = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`field${n}`, n]));
    expect((await http.refused(400, 'invalid-request', 'POST', '/v1/transactions', unknown)).body.errors).to.have.length(50);
  });

  it('refuses bodies over their limit, declared or not', async () => {
    await raw(413, 'body-too-large', `"${'x'.repeat(MEBIBYTE)}"`);
    const chunked = `POST /v1/transactions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n120000\r\n${'x'.repeat(0x120000)}\r\n0\r\n\r\n`;
    expect(await http.raw(chunked, 4_000)).to.match(/^HTTP\/1\.1 413 .*"code":"body-too-large"/s);
    const declared =
      'POST /v1/transactions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n{';
    expect(await http.raw(declared, 4_000)).to.match(/^HTTP\/1\.1 413 .*"code":"body-too-large"/s);
    await http.refused(413, 'body-too-large', 'POST', '/v1/batch', undefined, {
      raw: ' '.repeat(8 * MEBIBYTE + 1),
      headers: JSON_TYPE,
    });
  });

  it('refuses other forms of body with 415', async () => {
    const types = [
      'text/plain',
      'application/xml',
      'application/x-www-form-urlencoded',
      'application/jsonp',
      '',
      'application/json; charset=utf-16',
    ];
    for (const type of types) await raw(415, 'unsupported-media-type', '{}', { 'content-type': type });
    await raw(415, 'unsupported-media-type', '{}', { ...JSON_TYPE, 'content-encoding': 'gzip' });
    await http.refused(415, 'unsupported-media-type', 'POST', '/v1/stock/import', undefined, { raw: '{}', headers: JSON_TYPE });
    await raw(400, 'malformed-json', '{', { 'content-type': 'application/vnd.shop+json; charset="UTF-8"' });
  });

  it('refuses ids, keys and parameters out of form', async () => {
    for (const id of ['1', 'x', `${ID}0`, ID.replaceAll('-', ''), '%00', `{${ID}}`]) {
      await http.refused(400, 'invalid-request', 'GET', `/v1/transactions/${encodeURIComponent(id)}`);
      await http.refused(400, 'invalid-request', 'POST', `/v1/transactions/${encodeURIComponent(id)}/confirm`);
    }
    const body = { items: [{ sku: 'SKU-1', quantity: 1 }] };
    for (const key of ['', 'k'.repeat(256)])
      await http.refused(400, 'invalid-request', 'POST', '/v1/transactions', body, { headers: { 'idempotency-key': key } });
    await http.refused(400, 'invalid-request', 'POST', '/v1/transactions?x=1', body);
    const queries = [
      'limit=0',
      'limit=501',
      'limit=-1',
      'limit=1e2',
      'limit=',
      'limit=5&limit=6',
      'state=tried',
      'state=',
      'needsAttention=1',
      'foo=1',
      '__proto__=1',
    ];
    const moments = [
      'createdAfter=yesterday',
      'createdBefore=2026-13-01T00:00:00Z',
      'createdAfter=1763798400000',
      'reference=%ff',
      'sku=%zz',
      'sku=..',
    ];
    for (const query of [...queries, ...moments]) await http.refused(400, 'invalid-request', 'GET', `/v1/transactions?${query}`);
  });

  it('refuses cursors that were made up or changed', async () => {
    for (let n = 0; n < 3; n += 1) http.port.stockUp(`A-${n}`, 1);
    const good: string = (await http.call('GET', '/v1/stock?limit=1')).body.nextCursor;
    const cursors = [
      'x',
      '!!!!',
      'null',
      'W10',
      `${good}A`,
      good.slice(1),
      good.slice(0, -1),
      `${good}=`,
      'A'.repeat(3_000),
      Buffer.from('["a"]').toString('base64url'),
    ];
    for (const cursor of cursors)
      await http.refused(400, 'invalid-request', 'GET', `/v1/stock?limit=1&cursor=${encodeURIComponent(cursor)}`);
    await http.refused(400, 'invalid-request', 'GET', '/v1/stock?cursor=');
  });

  it('reads percent-encoding in paths once, and refuses the tricks', async () => {
    for (const sku of ['%zz', '%', '%00', '%2e%2e', '%2E', 'a%252Fb', '%c0%ae', 'a%0d%0ab', '%F0%9F%92%A5', 'a%20b']) {
      const text = await http.raw(`GET /v1/stock/${sku} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect(text, sku).to.match(/^HTTP\/1\.1 400 .*"code":"invalid-request"/s);
    }
    for (const path of [
      '/v1/stock/../transactions',
      '//v1/stock',
      '/v1/stock/',
      '/V1/stock',
      '/v1/transactions/',
      '/..%2f..%2fetc/passwd',
      '/v1%2Fstock',
    ]) {
      const text = await http.raw(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect(text, path).to.match(/^HTTP\/1\.1 404 .*"code":"not-found"/s);
    }
  });

  it('refuses unknown paths, methods and forms of answer', async () => {
    await http.refused(404, 'not-found', 'GET', '/');
    await http.refused(404, 'not-found', 'POST', '/v1/transactions/');
    for (const [method, path, allow] of [
      ['DELETE', '/v1/transactions', 'GET, HEAD, POST'],
      ['PATCH', `/v1/transactions/${ID}`, 'GET, HEAD'],
      ['GET', `/v1/transactions/${ID}/confirm`, 'POST'],
      ['PUT', '/v1/batch', 'POST'],
      ['POST', '/v1/stock/SKU-1', 'GET, HEAD, PUT'],
      ['DELETE', '/v1/stock/import', 'GET, HEAD, POST, PUT'],
      ['POST', '/livez', 'GET, HEAD'],
    ] as const) {
      const answer = await http.refused(405, 'method-not-allowed', method, path);
      expect(answer.headers.get('allow')).to.equal(allow);
    }
    await http.refused(406, 'not-acceptable', 'GET', '/v1/stock', undefined, { headers: { accept: 'text/html' } });
    await http.refused(406, 'not-acceptable', 'GET', '/v1/stock', undefined, {
      headers: { accept: 'application/json;q=0, application/problem+json;q=0' },
    });
    for (const accept of ['application/*', 'text/html, */*;q=0.1', 'application/problem+json', 'application/json;q=0.5']) {
      expect((await http.call('GET', '/v1/stock', undefined, { headers: { accept } })).status).to.equal(200);
    }
  });
});
