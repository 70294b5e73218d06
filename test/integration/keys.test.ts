// Owns the proof of API keys on a real coordinator (contract, section 8): from the first one on nobody gets in without, each may do what
// its scopes name, and one that is rotated, ends or is revoked does so everywhere.
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { query } from '../support/embedded.ts';
import { type Ask, askWith, type MadeKey, makeKeyOver, NO_REDIS } from '../support/keys.ts';
import { expectAnswerToMatch, type OpenApiDocument } from '../support/openapi.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const UNKNOWN_ID = '0193b0a4-7c1e-7d00-8000-00000000000f';
const FORM = /^hf_[0-9a-f-]{36}_[0-9a-f]{64}$/;
const METHODS = ['get', 'put', 'post', 'delete'];
/** In another process: a look a second, and a little for a busy machine. */
const SEEN_WITHIN_MS = 3_000;

describe('API keys', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;
  let admin: MadeKey;
  const anyone = askWith(
    () => coordinator,
    () => null,
  );
  const asAdmin = askWith(
    () => coordinator,
    () => admin.key,
  );
  const as = (key: string, where: () => CoordinatorProcess = () => coordinator): Ask => askWith(where, () => key);

  before(async () => {
    postgres = await startPostgres();
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: NO_REDIS } });
  });
  after(async () => {
    expect(await coordinator.stop()).to.equal(0);
    await postgres.stop();
  });

  it('are not needed as long as there is none: then this machine is asked under its own name alone, and by no other page', async () => {
    expect(coordinator.output()).to.include('There is no API key yet');
    expect((await anyone('GET', '/v1/keys')).body).to.deep.equal({ items: [], nextCursor: null });
    const { port } = new URL(coordinator.url);
    for (const host of [
      `attacker.example:${port}`,
      `127.0.0.1.nip.io:${port}`,
      `localhost.attacker.example:${port}`,
      '0.0.0.0',
      '[::]',
    ])
      expect(await statusUnder(host, '/v1/stock'), host).to.equal(403);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, '127.8.9.10'])
      expect(await statusUnder(host, '/v1/stock'), host).to.equal(200);
    for (const site of ['cross-site', 'same-site'])
      expect((await anyone('GET', '/v1/stock', undefined, { 'sec-fetch-site': site })).brief, site).to.equal('403 forbidden');
    for (const site of ['same-origin', 'none'])
      expect((await anyone('GET', '/v1/stock', undefined, { 'sec-fetch-site': site })).brief, site).to.equal('200');
    for (const path of ['/livez', '/readyz']) {
      expect(await statusUnder('attacker.example', path)).to.equal(200);
      expect((await anyone('GET', path, undefined, { 'sec-fetch-site': 'cross-site' })).status).to.equal(200);
    }
  });

  it('are made over the API, shown once, and close every route but the probes from then on', async () => {
    admin = await makeKeyOver(anyone, 'admin', ['admin']);
    expect(admin.key).to.match(FORM).and.include(admin.id);
    const { body } = await asAdmin('GET', '/openapi.json');
    const refused: string[] = [];
    for (const [template, item] of Object.entries(body.paths as Record<string, object>)) {
      const path = template.replaceAll('{id}', UNKNOWN_ID).replaceAll(/\{\w+\}/g, 'X');
      for (const method of METHODS.filter((each) => each in item)) {
        const { status, headers, body: told } = await anyone(method.toUpperCase(), path);
        if (path === '/livez' || path === '/readyz') expect(status, path).to.equal(200);
        else {
          refused.push(`${method} ${template}`);
          expect([status, told.code], `${method} ${path}`).to.deep.equal([401, 'unauthenticated']);
          expect(headers.get('www-authenticate'), `${method} ${path}`).to.equal('Bearer realm="holdfast"');
        }
      }
    }
    expect(refused).to.have.length.above(25);
    for (const path of ['/', '/console', '/console/api/overview', '/console/assets/main.js', '/v1', '/v2', '/livez/'])
      expect((await anyone('GET', path)).status, path).to.equal(401);
    expect((await asAdmin('GET', '/nowhere')).status).to.equal(404);
  });

  it('are refused alike, whatever is wrong with them', async () => {
    const [, , secret = ''] = admin.key.split('_');
    const wrong = [
      `hf_${admin.id}_${'0'.repeat(64)}`,
      `hf_${UNKNOWN_ID}_${secret}`,
      `hf_${admin.id}_${secret.toUpperCase()}`,
      `hf_${admin.id.toUpperCase()}_${secret}`,
      `hf_${admin.id}_${secret}0`,
      `hf_${admin.id}_`,
      `hf__${secret}`,
      'hf_',
      secret,
      'a.b.c',
      'x'.repeat(8_192),
    ];
    const answers = new Set<string>();
    for (const key of wrong) {
      const { status, headers, body } = await as(key)('GET', '/v1/keys');
      const { traceId: _, ...told } = body;
      answers.add(JSON.stringify([status, headers.get('www-authenticate'), told]));
    }
    expect([...answers]).to.have.length(1);
    expect([...answers][0])
      .to.include('401')
      .and.include('invalid_token');
    for (const header of [
      '',
      'Bearer',
      'Bearer ',
      `Basic ${btoa(`x:${admin.key}`)}`,
      admin.key,
      `Bearer ${admin.key}, x`,
      `Token ${admin.key}`,
    ])
      expect((await anyone('GET', '/v1/keys', undefined, { authorization: header })).brief, header.slice(0, 12)).to.equal(
        '401 unauthenticated',
      );
    expect((await anyone('GET', '/v1/keys', undefined, { authorization: `bearer  ${admin.key}` })).status).to.equal(200);
    for (const path of ['/v1/keys?key=', '/v1/keys?access_token='])
      expect((await anyone('GET', `${path}${admin.key}`)).brief).to.equal('401 unauthenticated');
  });

  it('may do what their scopes name and nothing else', async () => {
    const reader = await makeKeyOver(asAdmin, 'reader', ['transactions:read', 'stock:read']);
    const ask = as(reader.key);
    expect((await ask('GET', '/v1/stock')).status).to.equal(200);
    expect((await ask('GET', '/v1/transactions')).status).to.equal(200);
    for (const [method, path, scope] of [
      ['POST', '/v1/transactions', 'transactions:write'],
      ['POST', '/v1/batch', 'transactions:write'],
      ['PUT', '/v1/stock/X', 'stock:write'],
      ['POST', '/v1/stock/import', 'stock:write'],
      ['GET', '/metrics', 'operations:read'],
      ['GET', '/v1/keys', 'admin'],
      ['GET', '/v1/audit', 'admin'],
      ['GET', '/v1/participants', 'admin'],
      ['POST', `/v1/transactions/${UNKNOWN_ID}/retry`, 'admin'],
      ['GET', '/nowhere', 'admin'],
    ] as const) {
      const { brief, headers, body } = await ask(method, path);
      expect([brief, body.scope], `${method} ${path}`).to.deep.equal(['403 forbidden', scope]);
      expect(headers.get('www-authenticate')).to.include('insufficient_scope').and.include(`scope="${scope}"`);
    }
  });

  it('are refused with a scope that is none, without a name, or with an end that is past', async () => {
    const good = { name: 'x', scopes: ['stock:read'] };
    for (const wrong of [
      { scopes: ['stock:delete'] },
      { scopes: ['Admin'] },
      { scopes: [] },
      { scopes: ['admin', 'admin'] },
      { scopes: 'admin' },
      { name: ' ' },
      { name: 'x'.repeat(101) },
      { name: 'a\u0000b' },
      { expiresAt: '2020-01-01T00:00:00Z' },
      { expiresAt: 'tomorrow' },
      { id: UNKNOWN_ID },
    ])
      expect((await asAdmin('POST', '/v1/keys', { ...good, ...wrong })).brief, JSON.stringify(wrong).slice(0, 60)).to.equal(
        '400 invalid-request',
      );
  });

  it('are listed page by page, newest first, without what they are recognised by', async () => {
    for (let index = 0; index < 5; index += 1) await makeKeyOver(asAdmin, `listed ${index}`, ['stock:read']);
    const names: string[] = [];
    let cursor = '';
    do {
      const { status, body, text } = await asAdmin('GET', `/v1/keys?limit=2${cursor}`);
      expect([status, body.items.length <= 2]).to.deep.equal([200, true]);
      expect(text).not.to.match(/[0-9a-f]{64}/);
      names.push(...body.items.map(({ name }: { readonly name: string }) => name));
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    expect(names).to.deep.equal(['listed 4', 'listed 3', 'listed 2', 'listed 1', 'listed 0', 'reader', 'admin']);
    expect((await asAdmin('GET', '/v1/keys?cursor=bm90aGluZw')).brief).to.equal('400 invalid-request');
  });

  it('end by themselves, by the database’s clock', async () => {
    const brief = await makeKeyOver(asAdmin, 'brief', ['stock:read'], { expiresAt: new Date(Date.now() + 4_000).toISOString() });
    expect((await as(brief.key)('GET', '/v1/stock')).status).to.equal(200);
    await until('it ends', async () => (await as(brief.key)('GET', '/v1/stock')).status === 401, 10_000);
    // A slow look at the keys may have ended it a little early here; by the database it has its whole time.
    const left = Date.parse(brief.expiresAt ?? '') - Date.now();
    expect(left).to.be.below(4_000);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, left) + 50));
    expect((await asAdmin('POST', `/v1/keys/${brief.id}/rotate`)).brief).to.equal('409 invalid-transition');
  });

  it('are rotated with an overlap, in which both are good, and no longer than the old one was', async () => {
    const old = await makeKeyOver(asAdmin, 'rotated', ['stock:read'], {
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const { status, body: next } = await asAdmin('POST', `/v1/keys/${old.id}/rotate`, { overlapMs: 1_500 });
    expect(status).to.equal(201);
    expect(next).to.deep.include({ name: 'rotated', scopes: ['stock:read'], expiresAt: old.expiresAt, replacedBy: null });
    for (const key of [old.key, next.key]) expect((await as(key)('GET', '/v1/stock')).status).to.equal(200);
    const listed = (await asAdmin('GET', '/v1/keys')).body.items.find(({ id }: MadeKey) => id === old.id);
    expect(listed).to.deep.include({ replacedBy: next.id });
    expect(Date.parse(listed.expiresAt) - Date.now()).to.be.within(-1_500, 1_600);
    await until('the old one ends', async () => (await as(old.key)('GET', '/v1/stock')).status === 401, 10_000);
    expect((await as(next.key)('GET', '/v1/stock')).status).to.equal(200);
    // A long overlap does not make it live longer.
    const last = (await asAdmin('POST', `/v1/keys/${next.id}/rotate`, { overlapMs: 2_592_000_000 })).body;
    const kept = (await asAdmin('GET', '/v1/keys')).body.items.find(({ id }: MadeKey) => id === next.id);
    expect([kept.expiresAt, last.expiresAt]).to.deep.equal([old.expiresAt, old.expiresAt]);
  });

  it('are rotated once: what took the place of one is rotated in its turn', async () => {
    const old = await makeKeyOver(asAdmin, 'rotated once', ['stock:read']);
    const next = (await asAdmin('POST', `/v1/keys/${old.id}/rotate`)).body;
    const again = await asAdmin('POST', `/v1/keys/${old.id}/rotate`);
    // It would end with the overlap of the old one, and nobody would expect that.
    expect([again.brief, again.body.detail]).to.deep.equal([
      '409 invalid-transition',
      `Key ${old.id} was replaced by another already; rotate that.`,
    ]);
    expect((await asAdmin('POST', `/v1/keys/${next.id}/rotate`)).status).to.equal(201);
    const document = (await asAdmin('GET', '/openapi.json')).body as OpenApiDocument;
    expectAnswerToMatch(document, 'POST', `/v1/keys/${old.id}/rotate`, again.status, again.body);
    expect((await asAdmin('POST', `/v1/keys/${UNKNOWN_ID}/rotate`)).brief).to.equal('404 not-found');
    for (const overlapMs of [-1, 0.5, 2_592_000_001, '1000'])
      expect((await asAdmin('POST', `/v1/keys/${next.id}/rotate`, { overlapMs })).brief).to.equal('400 invalid-request');
  });

  it('are good no more from the answer to their revocation on, and within a second or so in every other process', async () => {
    const others = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: NO_REDIS, WORKERS: '2' } });
    const doomed = await makeKeyOver(asAdmin, 'doomed', ['stock:read']);
    const there = as(doomed.key, () => others);
    await until('both workers know it', async () => isAlways(there, 200), SEEN_WITHIN_MS);
    expect((await asAdmin('DELETE', `/v1/keys/${doomed.id}`)).status).to.equal(204);
    expect((await as(doomed.key)('GET', '/v1/stock')).brief).to.equal('401 unauthenticated');
    await until('both workers know that', async () => isAlways(there, 401), SEEN_WITHIN_MS);
    // Again it changes nothing.
    expect((await asAdmin('DELETE', `/v1/keys/${doomed.id}`)).status).to.equal(204);
    expect((await asAdmin('DELETE', `/v1/keys/${UNKNOWN_ID}`)).brief).to.equal('404 not-found');
    expect((await asAdmin('POST', `/v1/keys/${doomed.id}/rotate`)).brief).to.equal('409 invalid-transition');
    expect(await others.stop()).to.equal(0);
  });

  it('stand nowhere once they were shown: in no table, no log, no figure, no answer', async () => {
    const { body: rotated } = await asAdmin('POST', `/v1/keys/${(await makeKeyOver(asAdmin, 'secret', ['admin'])).id}/rotate`);
    const secrets = [admin.key, rotated.key].map((key: string) => key.split('_')[2] ?? '');
    await as(rotated.key)('GET', '/v1/stock?bad=1');
    await as(rotated.key)('POST', '/v1/keys', '{"half');
    const places: [string, string][] = [['the log', coordinator.output()]];
    for (const path of [
      '/metrics',
      '/v1/audit?limit=500',
      '/v1/keys?limit=500',
      '/openapi.json',
      '/console/api/overview',
      '/console/api/session',
    ])
      places.push([path, (await asAdmin('GET', path)).text]);
    const tables = await query(
      postgres.url,
      "SELECT c.oid::regclass::text AS name FROM pg_class c WHERE relkind IN ('r', 'm') AND relnamespace = 'holdfast'::regnamespace",
    );
    for (const { name } of tables as { readonly name: string }[])
      places.push([name, JSON.stringify(await query(postgres.url, `SELECT t::text AS row FROM ${name} t`))]);
    expect(places.length).to.be.above(20);
    expect(JSON.stringify(places)).to.include(admin.id);
    for (const [place, text] of places) for (const secret of secrets) expect(text.includes(secret), place).to.equal(false);
  });

  it('go on without PostgreSQL where nothing of it is needed, and still let nobody else in', async () => {
    const doomed = await makeKeyOver(asAdmin, 'kept', ['operations:read']);
    await postgres.kill();
    try {
      await delay(1_500);
      for (const path of ['/openapi.json', '/metrics', '/console/api/session'])
        expect((await as(doomed.key)('GET', path)).status, path).to.equal(200);
      for (const path of ['/openapi.json', '/metrics', '/v1/stock', '/v1/keys'])
        expect((await anyone('GET', path)).status, path).to.equal(401);
      expect((await as(doomed.key)('GET', '/v1/stock')).brief).to.equal('403 forbidden');
      expect((await asAdmin('GET', '/v1/keys')).brief).to.equal('503 database-unavailable');
      expect((await asAdmin('DELETE', `/v1/keys/${doomed.id}`)).brief).to.equal('503 database-unavailable');
    } finally {
      await postgres.restart();
    }
    await until('it is back', async () => (await asAdmin('DELETE', `/v1/keys/${doomed.id}`)).status === 204);
    expect((await as(doomed.key)('GET', '/openapi.json')).status).to.equal(401);
  });

  it('leave everything closed when the last of them is revoked, also for a coordinator that starts then', async () => {
    const { body } = await asAdmin('GET', '/v1/keys?limit=500');
    for (const { id } of body.items as MadeKey[]) if (id !== admin.id) await asAdmin('DELETE', `/v1/keys/${id}`);
    expect((await asAdmin('DELETE', `/v1/keys/${admin.id}`)).status).to.equal(204);
    for (const ask of [anyone, asAdmin]) expect((await ask('GET', '/v1/keys')).brief).to.equal('401 unauthenticated');
    const late = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: NO_REDIS } });
    expect(
      (
        await askWith(
          () => late,
          () => null,
        )('POST', '/v1/keys', { name: 'me', scopes: ['admin'] })
      ).status,
    ).to.equal(401);
    expect((await as(admin.key, () => late)('GET', '/v1/keys')).status).to.equal(401);
    expect(await late.stop()).to.equal(0);
  });

  async function statusUnder(host: string, path: string): Promise<number | undefined> {
    const { request } = await import('node:http');
    const { hostname, port } = new URL(coordinator.url);
    return new Promise((resolve, reject) => {
      request({ hostname, port, path, headers: { host } }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
  }

  /** Connections of their own go to the workers in turn. */
  async function isAlways(ask: Ask, status: number): Promise<boolean> {
    const asked = Array.from({ length: 6 }, () => ask('GET', '/v1/stock', undefined, { connection: 'close' }));
    return (await Promise.all(asked)).every((answer) => answer.status === status);
  }
});
