// Owns the authorisation matrix: every route that the application has, by every method it takes, with every scope alone and with every
// kind of no credentials at all, against a real coordinator. What each route needs is written down in test/support/needs.ts, and a route
// that is not written down fails.
import { connect } from 'node:net';
import { expect } from 'chai';
import pg from 'pg';
import { SCOPES, type Scope } from '../../src/access/principal.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { NEEDS } from '../support/needs.ts';
import { besidesRoutes, routesOf, wholeApplication } from '../support/routes.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

/** What stands for a parameter: something that is not there, so that nothing is done. */
const PARAMETERS: Readonly<Record<string, string>> = {
  ':id': '0193b0a4-7c1e-7d00-8000-00000000dead',
  ':sku': 'NO-SUCH-SKU',
  ':name': 'nobody',
  ':code': 'forbidden',
  ':file': 'main.js',
};

describe('who may call what', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;
  const keys = new Map<Scope, string>();
  const bad = new Map<string, string>();

  before(async () => {
    postgres = await startPostgres();
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url } });
    const admin = await makeKey(['admin']);
    keys.set('admin', admin.key);
    for (const scope of SCOPES) if (scope !== 'admin') keys.set(scope, (await makeKey([scope], admin.key)).key);
    const revoked = await makeKey(['admin'], admin.key);
    await fetch(`${coordinator.url}/v1/keys/${revoked.id}`, { method: 'DELETE', headers: bearer(admin.key) });
    const expired = await makeKey(['admin'], admin.key);
    await asOwner(`UPDATE holdfast.api_key SET expires_at = now() - interval '1 second' WHERE id = '${expired.id}'`);
    // The look for changes comes once a second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const [, id = '', secret = ''] = admin.key.split('_');
    const other = secret.startsWith('0') ? '1' : '0';
    bad.set('a revoked key', `Bearer ${revoked.key}`);
    bad.set('an expired key', `Bearer ${expired.key}`);
    bad.set('an unknown key', `Bearer hf_0193b0a4-7c1e-7d00-8000-000000000bad_${secret}`);
    bad.set('a wrong secret', `Bearer hf_${id}_${other}${secret.slice(1)}`);
    bad.set('a cut secret', `Bearer hf_${id}_${secret.slice(1)}`);
    bad.set('a key in capitals', `Bearer ${admin.key.toUpperCase()}`);
    bad.set('no key at all', 'Bearer ');
    bad.set('two keys', `Bearer ${admin.key} ${admin.key}`);
    bad.set('another scheme', `Basic ${Buffer.from(`admin:${admin.key}`).toString('base64')}`);
    bad.set('a token of no issuer', 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4Iiwic2NvcGUiOiJhZG1pbiJ9.');
    bad.set('a key without a scheme', admin.key);
  });
  after(async () => {
    await coordinator.stop();
    await postgres.stop();
  });

  async function makeKey(scopes: readonly Scope[], by?: string): Promise<{ id: string; key: string }> {
    const headers = by === undefined ? {} : bearer(by);
    const answer = await coordinator.request('/v1/keys', { json: { name: scopes.join(), scopes }, headers });
    expect(answer.status).to.equal(201);
    return (await answer.json()) as { id: string; key: string };
  }

  async function asOwner(text: string): Promise<void> {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    await client.query(text).finally(() => client.end());
  }

  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

  async function ask(method: string, path: string, headers: Record<string, string> = {}): Promise<Response> {
    const leave = new AbortController();
    const answer = await fetch(coordinator.url + path, { method, headers, redirect: 'manual', signal: leave.signal });
    // The live figures never end by themselves.
    if (path.endsWith('/live') && answer.ok) leave.abort();
    else await answer.arrayBuffer();
    return answer;
  }

  /** Each route with the methods that ask the same of it. */
  const calls = Object.entries(NEEDS).flatMap(([route, need]) => {
    const [method = '', template = ''] = route.split(' ');
    const path = template.replace(/:[a-z]+/g, (name) => PARAMETERS[name] ?? name);
    return method === 'GET'
      ? [
          { method, path, need },
          { method: 'HEAD', path, need },
        ]
      : [{ method, path, need }];
  });

  it('is written down for every route that there is, and for no other', () => {
    const app = wholeApplication();
    expect(routesOf(app).sort()).to.deep.equal(Object.keys(NEEDS).sort());
    // The gate, the answer that nothing is there, and the answer to a fault: nothing else stands outside the routes.
    expect(besidesRoutes(app)).to.deep.equal(['everywhere', 'everywhere', 'everywhere']);
  });

  it('is nobody without good credentials, but for the probes and signing in', async () => {
    for (const { method, path, need } of calls) {
      const answer = await ask(method, path);
      if (need === 'none') expect(answer.status, `${method} ${path}`).to.not.be.oneOf([401, 403]);
      else {
        expect(answer.status, `${method} ${path}`).to.equal(401);
        expect(answer.headers.get('www-authenticate')).to.equal('Bearer realm="holdfast"');
      }
    }
    const told = new Set<string>();
    for (const [kind, authorization] of bad)
      for (const { method, path, need } of calls) {
        if (need === 'none' || method === 'HEAD') continue;
        const answer = await fetch(coordinator.url + path, { method, headers: { authorization }, redirect: 'manual' });
        expect(answer.status, `${kind}: ${method} ${path}`).to.equal(401);
        expect(answer.headers.get('www-authenticate')).to.equal('Bearer realm="holdfast", error="invalid_token"');
        const { traceId: _, ...problem } = (await answer.json()) as Record<string, unknown>;
        told.add(JSON.stringify(problem));
      }
    // Which of them it was is told to nobody.
    expect([...told]).to.have.length(1);
  });

  it('is whoever has the scope, and nobody else', async () => {
    for (const scope of SCOPES)
      for (const { method, path, need } of calls) {
        const answer = await ask(method, path, bearer(keys.get(scope) ?? ''));
        const may = need === 'none' || need === 'any' || need === scope || scope === 'admin';
        // A console's act is refused to whoever may act, too, where it lacks the header of the console's page.
        const isAct = path.startsWith('/console/api/transactions/') && method === 'POST';
        if (may) expect(answer.status, `${scope}: ${method} ${path}`).to.not.be.oneOf(isAct ? [401] : [401, 403]);
        else {
          expect(answer.status, `${scope}: ${method} ${path}`).to.equal(403);
          expect(answer.headers.get('www-authenticate')).to.equal(
            `Bearer realm="holdfast", error="insufficient_scope", scope="${need}"`,
          );
        }
      }
  });

  it('is told how to be known with every answer of 401 (RFC 9110, 15.5.2), also by the page that asks for a key', async () => {
    const signIn = (key: string) =>
      fetch(`${coordinator.url}/console/session`, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ key }) });
    for (const key of ['', 'no key', 'hf_x', keys.get('admin')?.replace(/.$/, 'x') ?? '']) {
      const answer = await signIn(key);
      expect(answer.status, key).to.equal(401);
      expect(answer.headers.get('www-authenticate'), key).to.equal('Bearer realm="holdfast"');
    }
    for (const path of ['/console', '/console/', '/docs']) {
      const answer = await ask('GET', path, { accept: 'text/html' });
      expect([answer.status, answer.headers.get('www-authenticate')], path).to.deep.equal([401, 'Bearer realm="holdfast"']);
    }
    expect((await signIn(keys.get('stock:read') ?? '')).status).to.equal(403);
    expect((await signIn(keys.get('operations:read') ?? '')).status).to.equal(303);
  });

  it('is asked for OPTIONS, methods that are not taken, and paths that do not exist, too', async () => {
    for (const { path, need } of calls) {
      if (need === 'none') continue;
      for (const method of ['OPTIONS', 'PATCH', 'DELETE', 'PUT', 'POST'])
        expect((await ask(method, path)).status, `${method} ${path}`).to.equal(path === '/console/session' ? 400 : 401);
    }
    for (const path of ['/', '/v2/transactions', '/v1', '/v1/', '/metrics/', '/admin', '/%6d%65trics', '/v1/nothing']) {
      expect((await ask('GET', path)).status, path).to.equal(401);
      // What is on no list is the administrators', even to be told that it is not there.
      expect((await ask('GET', path, bearer(keys.get('operations:read') ?? ''))).status, path).to.equal(403);
      expect((await ask('GET', path, bearer(keys.get('admin') ?? ''))).status, path).to.equal(404);
    }
  });

  it('is not got round by an odd way of writing a path', async () => {
    const id = PARAMETERS[':id'];
    const weak = bearer(keys.get('transactions:write') ?? '');
    const odd = [
      ...[
        `/v1/transactions/${id}/retry/`,
        `/v1/transactions/${id}/RETRY`,
        `/v1//transactions/${id}/retry`,
        `//v1/transactions/${id}/retry`,
      ],
      ...[
        `/v1/transactions/${id}%2Fretry`,
        `/v1/transactions/${id}/%72etry`,
        `/v1/transactions/${id}/retry;x`,
        `/v1/transactions/${id}/retry%20`,
      ],
      ...[
        `/v1/transactions/x/../${id}/retry`,
        `/v1/transactions/%2e%2e/keys`,
        `/v1/transactions/..%2fkeys`,
        '/v1/transactions/../keys',
      ],
      ...['/V1/keys', '/v1/keys/', '/v1/keys?x', '/v1/transactions?/../../keys', `/v1/participants;/nobody`],
    ];
    for (const path of odd) {
      // As it is written: fetch would tidy it up.
      const { status, text } = await answerTo(coordinator.url, 'POST', path, weak.authorization);
      expect(status, path).to.be.oneOf([400, 403, 404, 405, 415]);
      // What the routes themselves would say, had they been reached.
      expect(text, path).to.not.match(/unknown-transaction|"items"|unknown-participant/);
    }
    for (const target of [`${coordinator.url}/v1/keys`, 'http://elsewhere.example/v1/keys'])
      expect((await answerTo(coordinator.url, 'GET', target, weak.authorization)).status, target).to.equal(400);
  });

  it('keeps the cookie of the console to what the console reads', async () => {
    const cookie = (scope: Scope) => ({ cookie: `other=1; holdfast_session=${keys.get(scope)}` });
    for (const { method, path, need } of calls) {
      const answer = await ask(method, path, cookie('admin'));
      const isRead = method === 'GET' || method === 'HEAD';
      const counts =
        path.startsWith('/console') ||
        (isRead && /^\/(?:docs|openapi|problems|v1\/(?:transactions|stock|operations))/.test(path));
      if (need === 'none') continue;
      if (counts) expect(answer.status, `${method} ${path}`).to.not.equal(401);
      else expect(answer.status, `${method} ${path}`).to.equal(401);
      // Without the header that no other page can send, nobody acts.
      if (counts && !isRead) expect(answer.status, `${method} ${path}`).to.equal(403);
    }
    // Who may look in the console may see what it shows, and who may not may not.
    expect((await ask('GET', '/v1/transactions', cookie('operations:read'))).status).to.equal(200);
    expect((await ask('GET', '/v1/transactions', cookie('transactions:read'))).status).to.equal(403);
    expect((await ask('GET', '/v1/transactions', bearer(keys.get('operations:read') ?? ''))).status).to.equal(403);
    // What is said in the header counts, even where it is worth nothing.
    expect((await ask('GET', '/console/api/stuck', { ...cookie('admin'), authorization: 'Bearer x' })).status).to.equal(401);
  });
});

/** Sends a request line as it is written. */
async function answerTo(
  url: string,
  method: string,
  target: string,
  authorization: string,
): Promise<{ status: number; text: string }> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text }));
    socket.write(
      `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
  });
}
