// Owns the tests of what is repeated of a request, in its answer and in the log: its id where that is harmless, and nothing of it in
// a form that could do harm there.
import { expect } from 'chai';
import { createLog } from '../../src/runtime/log.ts';
import { harmlessJson, shown } from '../../src/shown.ts';
import { HttpFixture } from '../support/http-fixture.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
/** An escape sequence, its one-byte form, a line of its own, text that turns round. */
const HOSTILE = '\u001b[2J\u009b2J\r\n{"level":60,"msg":"forged"}\u2028\u202egnp.exe\u2066\u007f\u0000';
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/u;

describe('what is repeated of a request', () => {
  const http = HttpFixture.forSuite();
  const failing = () => {
    http.port.intercept = () => {
      throw new Error(`no such thing: ${HOSTILE}${'x'.repeat(100_000)}`);
    };
  };
  const cancel = (headers: Record<string, string> = {}) =>
    http.call('POST', `/v1/transactions/${ID}/cancel`, undefined, { headers });

  it('is its id, in every answer and in the lines about it', async () => {
    for (const id of ['a', 'order-1:2/3_4.5+6=', 'x'.repeat(128)]) {
      expect((await cancel({ 'x-request-id': id })).headers.get('x-request-id')).to.equal(id);
      for (const [method, path] of [
        ['GET', '/livez'],
        ['GET', '/nothing'],
        ['DELETE', '/livez'],
        ['OPTIONS', '/v1/stock'],
        ['GET', '/docs'],
      ] as const)
        expect((await fetch(http.base + path, { method, headers: { 'x-request-id': id } })).headers.get('x-request-id')).to.equal(
          id,
        );
    }
    failing();
    expect((await cancel({ 'x-request-id': 'order-1' })).status).to.equal(500);
    await http.call('POST', '/v1/batch', { operations: [{ op: 'cancel', id: ID }] }, { headers: { 'x-request-id': 'order-2' } });
    expect(http.logged.map((line) => line.request_id)).to.deep.equal(['order-1', 'order-2']);
  });

  it('is no id that could do harm, and none where there is none', async () => {
    failing();
    const raw = (id: string) =>
      http.raw(Buffer.from(`POST /v1/transactions/${ID}/cancel HTTP/1.1\r\nHost: a\r\n${id}Connection: close\r\n\r\n`, 'latin1'));
    const lines = ['', 'x'.repeat(129), 'a b', 'a,b', '<b>', 'a"b', '{}', 'a;b', '\u009b2J', 'é', 'a\tb', '%0d%0a', '\\u001b'];
    for (const id of lines) {
      const answer = await raw(`X-Request-Id: ${id}\r\n`);
      expect(answer, id)
        .to.match(/^HTTP\/1\.1 500 /)
        .and.not.match(/x-request-id/i);
    }
    expect(await raw('X-Request-Id: a\r\nX-Request-Id: b\r\n')).not.to.match(/x-request-id/i);
    expect(await raw('')).not.to.match(/x-request-id/i);
    expect(http.logged).to.have.length(lines.length + 2);
    for (const line of http.logged) expect(line).not.to.have.property('request_id');
  });

  it('stands in a problem so that it controls nothing, and no longer than it helps', async () => {
    const long = 'y'.repeat(60_000);
    const body = { [HOSTILE]: 1, items: [{ sku: 'A', quantity: 1, [HOSTILE]: 2 }], metadata: {} };
    const calls: readonly (() => Promise<Response>)[] = [
      ...[HOSTILE, long].flatMap((text) => {
        const encoded = encodeURIComponent(text);
        return [
          () => fetch(`${http.base}/nothing/${encoded}`),
          () => fetch(`${http.base}/v1/stock?${encoded}=1`),
          () => fetch(`${http.base}/v1/stock?${encoded}=1&${encoded}=1`),
          () => fetch(`${http.base}/v1/stock?${encoded}=%zz`),
          () => fetch(`${http.base}/v1/stock/${encoded}`),
          () => fetch(`${http.base}/v1/participants/${encoded}`),
          () => fetch(`${http.base}/v1/stock?cursor=${encoded}`),
        ];
      }),
      ...['/v1/transactions', '/v1/batch', '/v1/stock/movements'].flatMap((path) =>
        [JSON.stringify(body), `{"${HOSTILE}`, HOSTILE, `{"operations":[${JSON.stringify(body)}]}`].map(
          (text) => () =>
            fetch(http.base + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: text }),
        ),
      ),
      ...['content-type', 'content-encoding', 'accept', 'if-match', 'x-charset'].flatMap((name) =>
        ['a\u009b2J\u007fb\tc'.replace('\u007f', ''), long].map((value) => () => {
          const header = name === 'x-charset' ? { 'content-type': `application/json; charset="${value}"` } : { [name]: value };
          const headers = { 'content-type': 'application/json', ...header };
          return fetch(`${http.base}/v1/stock/A`, { method: 'PUT', headers, body: '{"onHand":1}' });
        }),
      ),
    ];
    for (const [index, call] of calls.entries()) {
      const response = await call();
      const text = await response.text();
      expect(response.status, `${index} ${text.slice(0, 300)}`).to.be.within(200, 499);
      expect(UNSAFE.exec(text), `${index} ${JSON.stringify(text.slice(0, 300))}`).to.equal(null);
      if (response.status < 400) continue;
      expect(text.length, `${index}`).to.be.lessThan(1_500);
      const { detail } = JSON.parse(text) as { detail: string };
      expect(UNSAFE.exec(detail), detail).to.equal(null);
    }
    expect(http.logged).to.deep.equal([]);
  });

  it('stands in raw bytes of a target as little', async () => {
    for (const target of ['/\u009b2J', '/\u007f', '/a\u0080\u00ff', '/\u001b[2J', '/a\tb']) {
      const answer = await http.raw(Buffer.from(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`, 'latin1'));
      expect(answer, JSON.stringify(target)).to.match(/^HTTP\/1\.1 40[04] /);
      expect(UNSAFE.exec(answer.split('\r\n\r\n')[1] ?? ''), JSON.stringify(target)).to.equal(null);
    }
  });

  it('is one bounded line of the log, whatever an error says', () => {
    const written: string[] = [];
    const log = createLog('info', { write: (text) => written.push(text) });
    const inner = Object.assign(new Error(HOSTILE), {
      detail: `${HOSTILE}${'x'.repeat(1_000_000)}`,
      lines: new Array(5_000).fill(HOSTILE),
    });
    log.error({ err: new Error(HOSTILE, { cause: inner }), path: shown(HOSTILE.repeat(1_000)) }, 'a request failed');
    log.error({ err: inner, caller: HOSTILE }, `a request failed: ${HOSTILE}`);
    expect(written).to.have.length(2);
    for (const line of written) {
      expect(line.indexOf('\n')).to.equal(line.length - 1);
      expect(UNSAFE.exec(line.trimEnd())).to.equal(null);
      expect(line.length).to.be.lessThan(40_000);
      expect(JSON.parse(line)).to.include({ level: 50 });
    }
    expect((JSON.parse(written[1] ?? '') as { caller: string }).caller).to.equal(HOSTILE);
  });

  it('is the same value in JSON as before', () => {
    const value = { [HOSTILE]: [HOSTILE, 'Grüße 棚 👩‍🔧'] };
    expect(JSON.parse(harmlessJson(JSON.stringify(value)))).to.deep.equal(value);
    expect(shown('Grüße, 棚卸し 👩‍🔧')).to.equal('Grüße, 棚卸し 👩‍🔧');
    expect(shown(`${'a'.repeat(199)}\u{1f600}`)).to.equal(`${'a'.repeat(199)}\\ud83d…`);
  });
});
