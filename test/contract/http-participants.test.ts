// Participants over HTTP (contract, section 6): registered, read, changed and removed; what is not one is refused.
import { expect } from 'chai';
import type { PutParticipantCommand } from '../../src/coordinator/command.ts';
import { HttpFixture } from '../support/http-fixture.ts';

const PATH = '/v1/participants/payment';
const URL_OF_IT = 'https://payment.example/holdfast';
const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 0xfb).toString('base64')}`;
const REGISTERED = {
  name: 'payment',
  url: URL_OF_IT,
  timeoutMs: 3_000,
  maxConcurrency: 64,
  retry: { initialMs: 1_000, maxMs: 60_000, attentionAfter: 10 },
  createdAt: '2026-11-22T08:00:00.000Z',
  updatedAt: '2026-11-22T08:00:00.000Z',
};

describe('participants over HTTP', () => {
  const http = HttpFixture.forSuite();
  const guarded = HttpFixture.forSuite({}, { addressRefusedIn: (url) => new URL(url).hostname });
  afterEach(() => http.expectNothingAtErrorLevel());

  it('registers one with the defaults, again with other settings, and shows it', async () => {
    const { secret, ...first } = (await http.call('PUT', PATH, { url: URL_OF_IT })).body;
    expect(first).to.deep.equal(REGISTERED);
    expect(secret).to.match(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const settings = { timeoutMs: 50, maxConcurrency: 1_000, retry: { initialMs: 10, maxMs: 86_400_000, attentionAfter: 1 } };
    const changed = await http.call('PUT', PATH, { url: URL_OF_IT, ...settings });
    expect([changed.status, changed.body]).to.deep.equal([200, { ...REGISTERED, ...settings }]);
    const shown = await http.call('GET', PATH);
    expect([shown.status, shown.body]).to.deep.equal([200, { ...REGISTERED, ...settings }]);
    expect((await http.call('HEAD', PATH)).status).to.equal(200);
    // What is left out gets its default again, within the retry too.
    const half = await http.call('PUT', PATH, { url: URL_OF_IT, retry: { initialMs: 2_000 } });
    expect(half.body.retry).to.deep.equal({ initialMs: 2_000, maxMs: 60_000, attentionAfter: 10 });
  });

  it('lists them all', async () => {
    expect((await http.call('GET', '/v1/participants')).body).to.deep.equal({ items: [], nextCursor: null });
    await http.call('PUT', PATH, { url: URL_OF_IT });
    const list = await http.call('GET', '/v1/participants');
    expect(list.body).to.deep.equal({ items: [REGISTERED], nextCursor: null });
    expect(list.headers.get('cache-control')).to.equal('no-store');
    await http.refused(400, 'invalid-request', 'GET', '/v1/participants?limit=1');
  });

  it('keeps a secret: it reaches the heart and no answer', async () => {
    for (const secret of [secretOf(24), secretOf(64)]) {
      const answers = [
        await http.call('PUT', PATH, { url: URL_OF_IT, secret }),
        await http.call('GET', PATH),
        await http.call('GET', '/v1/participants'),
      ];
      expect((http.port.commands.at(-1) as PutParticipantCommand).secret).to.equal(secret);
      expect(JSON.stringify(answers.map(({ body }) => body))).not.to.match(/whsec|secret/);
    }
    await http.call('PUT', PATH, { url: URL_OF_IT });
    expect((http.port.commands.at(-1) as PutParticipantCommand).secret).to.equal(null);
  });

  it('shows a secret that it made, a new one each time, in that answer alone', async () => {
    const made = [];
    for (const name of ['a', 'b']) {
      const { body, headers } = await http.call('PUT', `/v1/participants/${name}`, { url: URL_OF_IT });
      const { spareSecret } = http.port.commands.at(-1) as PutParticipantCommand;
      expect([body.secret, headers.get('cache-control')]).to.deep.equal([spareSecret, 'no-store']);
      made.push(body.secret);
      const later = [
        await http.call('PUT', `/v1/participants/${name}`, { url: URL_OF_IT }),
        await http.call('GET', '/v1/participants'),
      ];
      expect(JSON.stringify(later.map((answer) => answer.body))).not.to.match(/whsec|secret/);
    }
    expect(new Set(made).size).to.equal(2);
  });

  it('takes a name as a path does, a slash in it percent-encoded', async () => {
    for (const name of ['a', 'eu/payment:v1.0_x-y', '...', 'x'.repeat(128)]) {
      const path = `/v1/participants/${encodeURIComponent(name)}`;
      expect((await http.call('PUT', path, { url: URL_OF_IT })).body.name).to.equal(name);
      expect((await http.call('GET', path)).body.name).to.equal(name);
      expect((await http.call('DELETE', path)).status).to.equal(204);
    }
    for (const name of ['%20', 'a%20b', 'x'.repeat(129), '%C3%A9', '%00', 'a%22b']) {
      const path = `/v1/participants/${name}`;
      await http.refused(400, 'invalid-request', 'PUT', path, { url: URL_OF_IT });
      await http.refused(400, 'invalid-request', 'GET', path);
      await http.refused(400, 'invalid-request', 'DELETE', path);
    }
    const dots = await http.raw('GET /v1/participants/%2e%2e HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(dots).to.match(/^HTTP\/1\.1 400 .*"code":"invalid-request"/s);
  });

  it('removes one, but not while open transactions name it', async () => {
    await http.refused(404, 'unknown-participant', 'DELETE', PATH);
    await http.refused(404, 'unknown-participant', 'GET', PATH);
    await http.call('PUT', PATH, { url: URL_OF_IT });
    http.port.participantsInUse.add('payment');
    await http.refused(409, 'invalid-transition', 'DELETE', PATH);
    http.port.participantsInUse.clear();
    const gone = await http.call('DELETE', PATH);
    expect([gone.status, gone.body]).to.deep.equal([204, undefined]);
    await http.refused(404, 'unknown-participant', 'GET', PATH);
  });

  it('writes a URL in its one normal form, without a slash at its end', async () => {
    const urls: readonly (readonly [string, string])[] = [
      ['http://payment.example', 'http://payment.example'],
      ['http://payment.example/', 'http://payment.example'],
      ['HTTP://Payment.Example:80/a//', 'http://payment.example/a'],
      ['https://payment.example:8443/v1/tcc/', 'https://payment.example:8443/v1/tcc'],
      ['http://127.0.0.1:9000/a/../b', 'http://127.0.0.1:9000/b'],
      ['http://[::1]:9000/x', 'http://[::1]:9000/x'],
      ['https://bücher.example/é"', 'https://xn--bcher-kva.example/%C3%A9%22'],
      [`https://a.example/${'x'.repeat(2_030)}`, `https://a.example/${'x'.repeat(2_030)}`],
    ];
    for (const [given, kept] of urls) expect((await http.call('PUT', PATH, { url: given })).body.url).to.equal(kept);
  });

  it('refuses settings out of form, naming the place', async () => {
    const urls = [
      ...['', 'payment', '/holdfast', '//payment.example', 'ftp://a.example', 'file:///etc/passwd', 'javascript:alert(1)'],
      ...[
        'http:',
        'http://',
        'http:a.example',
        'http:\\\\a.example',
        'http://a b.example',
        ' http://a.example',
        'http://a.example\n',
      ],
      ...['http://user@a.example', 'http://user:pass@a.example', 'http://:pass@a.example'],
      ...['http://a.example?x=1', 'http://a.example/?', 'http://a.example#', 'http://a.example/#x', 'http://a.example:99999'],
      ...[`http://a.example/${'x'.repeat(2_048)}`, `http://a.example/${'é'.repeat(1_000)}`],
      ...[null, 7, {}, ['http://a.example']],
    ];
    const bad: (readonly [string, unknown])[] = [
      ...urls.map((url) => ['url', { url }] as const),
      ['url', {}],
      ['', []],
      ['', 'text'],
      ['name', { url: URL_OF_IT, name: 'payment' }],
      ['__proto__', JSON.parse(`{"url":"${URL_OF_IT}","__proto__":{}}`)],
      ...[49, 60_001, 100.5, '3000', null].map((timeoutMs) => ['timeoutMs', { url: URL_OF_IT, timeoutMs }] as const),
      ...[0, 1_001, -1, '64'].map((maxConcurrency) => ['maxConcurrency', { url: URL_OF_IT, maxConcurrency }] as const),
    ];
    const retries: readonly (readonly [string, unknown])[] = [
      ['', null],
      ['', []],
      ['.x', { x: 1 }],
      ...[9, 3_600_001, 10.5].map((initialMs) => ['.initialMs', { initialMs, maxMs: 86_400_000 }] as const),
      ['.maxMs', { initialMs: 1_000, maxMs: 999 }],
      ['.maxMs', { initialMs: 60_001 }],
      ['.maxMs', { maxMs: 86_400_001 }],
      ...[0, 1_000_001, 'never'].map((attentionAfter) => ['.attentionAfter', { attentionAfter }] as const),
    ];
    for (const [path, retry] of retries) bad.push([`retry${path}`, { url: URL_OF_IT, retry }]);
    for (const [path, body] of bad) {
      const answer = await http.refused(400, 'invalid-request', 'PUT', PATH, body);
      expect(answer.body.errors[0].path, JSON.stringify(body)).to.equal(path);
    }
    await http.refused(400, 'malformed-json', 'PUT', PATH);
    await http.refused(400, 'invalid-request', 'PUT', `${PATH}?x=1`, { url: URL_OF_IT });
    expect(http.port.commands).to.deep.equal([]);
  });

  it('refuses an address that may not be called, and names what lets it in', async () => {
    const answer = await guarded.refused(400, 'invalid-request', 'PUT', PATH, { url: 'http://10.0.0.1/pay' });
    expect(answer.body.errors).to.deep.equal([
      { path: 'url', message: 'must not lead to 10.0.0.1; HOLDFAST_PARTICIPANT_ALLOW lets addresses in' },
    ]);
    expect(guarded.port.commands).to.deep.equal([]);
  });

  it('refuses secrets that are none, without quoting them', async () => {
    const secrets = [
      ...['', 'whsec_', secretOf(23), secretOf(65), secretOf(24).slice(6), secretOf(25).replace(/=+$/, '')],
      ...[secretOf(24).replaceAll('+', '-'), `${secretOf(24)}\n`, `${secretOf(24)}====`, secretOf(24).toUpperCase(), null, 7],
    ];
    for (const secret of secrets) {
      const answer = await http.refused(400, 'invalid-request', 'PUT', PATH, { url: URL_OF_IT, secret });
      expect(answer.body.errors[0].path).to.equal('secret');
      if (typeof secret === 'string' && secret.length > 10)
        expect(JSON.stringify(answer.body)).not.to.contain(secret.slice(6, 20));
    }
    expect(http.port.commands).to.deep.equal([]);
  });

  it('takes no other methods', async () => {
    for (const [method, path, allow] of [
      ['POST', '/v1/participants', 'GET, HEAD'],
      ['POST', PATH, 'DELETE, GET, HEAD, PUT'],
      ['PATCH', PATH, 'DELETE, GET, HEAD, PUT'],
    ] as const) {
      const answer = await http.refused(405, 'method-not-allowed', method, path);
      expect(answer.headers.get('allow')).to.equal(allow);
    }
    await http.refused(404, 'not-found', 'GET', `${PATH}/`);
  });
});
