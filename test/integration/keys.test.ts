// Owns the proof of API keys and of the audit, against real coordinators: from the first key on nobody gets in without one; a key ends when
// it is said to; its secret stands nowhere; and what administrators did is written down.
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { makeKey } from '../../src/access/key.ts';
import { verifyAudit } from '../../src/access/verify.ts';
import { PostgresAudit } from '../../src/ledger/audit.ts';
import { Pool } from '../../src/ledger/pool.ts';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { makeFolder } from '../support/folder.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

interface Made {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt: string | null;
}

interface Listed {
  readonly items: readonly {
    readonly id: string;
    readonly name: string;
    readonly revokedAt: string | null;
    readonly replacedBy: string | null;
    readonly expiresAt: string | null;
  }[];
  readonly nextCursor: string | null;
}

interface Entry {
  readonly act: string;
  readonly subject: string;
  readonly actor: { readonly kind: string; readonly id: string; readonly name: string };
  readonly address: string;
  readonly note: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly link: number | null;
}

describe('API keys', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let one: CoordinatorProcess;
  let other: CoordinatorProcess;
  let admin: Made;
  const secrets: string[] = [];

  before(async () => {
    postgres = await startPostgres();
    const env = { DATABASE_URL: postgres.url };
    one = await startCoordinator({ env });
    other = await startCoordinator({ env: { ...env, WORKERS: '2' } });
  });
  after(async () => {
    await Promise.all([one.stop(), other.stop()]);
    await postgres.stop();
  });

  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
  const status = async (where: CoordinatorProcess, key: string | null, path = '/v1/stock'): Promise<number> => {
    const answer = await where.request(path, { headers: key === null ? {} : bearer(key) });
    await answer.arrayBuffer();
    return answer.status;
  };

  async function make(json: object, by: string | null = admin.key): Promise<Made> {
    const answer = await one.request('/v1/keys', { json, headers: by === null ? {} : bearer(by) });
    expect(answer.status).to.equal(201);
    const made = (await answer.json()) as Made;
    secrets.push(made.key);
    return made;
  }

  async function rows(text: string): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    return client
      .query(text)
      .then(({ rows: found }) => found as Record<string, unknown>[])
      .finally(() => client.end());
  }

  it('are not asked for until there is one, on the loopback and under its name alone', async () => {
    expect(await status(one, null)).to.equal(200);
    expect(one.output()).to.contain('There is no API key yet');
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }])
      expect((await one.request('/v1/stock', { headers })).status).to.equal(403);
    expect((await one.request('/v1/stock', { headers: { 'sec-fetch-site': 'same-origin' } })).status).to.equal(200);
  });

  it('are asked for from the first one on, everywhere but at the probes', async () => {
    admin = await make({ name: 'first', scopes: ['admin'] }, null);
    expect(admin.key).to.match(new RegExp(`^hf_${admin.id}_[0-9a-f]{64}$`));
    expect(await status(one, null)).to.equal(401);
    expect(await status(one, admin.key)).to.equal(200);
    await until(
      'the others know of it',
      async () => (await status(other, admin.key)) === 200 && (await status(other, null)) === 401,
    );
    for (const path of ['/livez', '/readyz']) expect(await status(one, null, path)).to.equal(200);
  });

  it('are listed page by page, newest first, without their secrets', async () => {
    const made = [];
    for (let count = 0; count < 3; count += 1) made.push((await make({ name: `listed ${count}`, scopes: ['stock:read'] })).id);
    const found: string[] = [];
    let cursor = '';
    do {
      const answer = await one.request(`/v1/keys?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`, {
        headers: bearer(admin.key),
      });
      const text = await answer.text();
      for (const secret of secrets) expect(text).to.not.contain(secret.slice(-64));
      const page = JSON.parse(text) as Listed;
      found.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? '';
    } while (cursor !== '');
    expect(found).to.deep.equal([...made.toReversed(), admin.id]);
  });

  it('are refused where they make no sense', async () => {
    const wrong = [
      ...[{}, { name: 'x' }, { name: '', scopes: ['admin'] }, { name: 'x', scopes: [] }, { name: 'x', scopes: ['everything'] }],
      ...[
        { name: 'x', scopes: ['admin', 'admin'] },
        { name: 'x', scopes: 'admin' },
        { name: 'x', scopes: ['admin'], id: randomUUID() },
      ],
      ...[
        { name: 'x', scopes: ['admin'], expiresAt: 'tomorrow' },
        { name: 'x', scopes: ['admin'], expiresAt: '2020-01-01T00:00:00Z' },
      ],
      { name: 'x'.repeat(101), scopes: ['admin'] },
    ];
    for (const json of wrong) {
      const answer = await one.request('/v1/keys', { json, headers: bearer(admin.key) });
      expect(`${answer.status} ${((await answer.json()) as { code: string }).code}`, JSON.stringify(json)).to.equal(
        '400 invalid-request',
      );
    }
  });

  it('end at once here when they are revoked, and within a second or so elsewhere', async () => {
    const { id, key } = await make({ name: 'revoked', scopes: ['stock:read'] });
    await until('the others know of it', async () => (await status(other, key)) === 200);
    const revoke = () => one.request(`/v1/keys/${id}`, { method: 'DELETE', headers: bearer(admin.key) });
    expect((await revoke()).status).to.equal(204);
    expect(await status(one, key)).to.equal(401);
    // With room: the look comes once a second.
    await until('the others know of it', async () => (await status(other, key)) === 401, 5_000);
    expect((await revoke()).status).to.equal(204);
    const unknown = await one.request(`/v1/keys/${randomUUID()}`, { method: 'DELETE', headers: bearer(admin.key) });
    expect(unknown.status).to.equal(404);
  });

  it('give way to new ones over an overlap, and never live longer by it', async () => {
    const rotate = async (id: string, json: object) => {
      const answer = await one.request(`/v1/keys/${id}/rotate`, { json, headers: bearer(admin.key) });
      return { status: answer.status, body: (await answer.json()) as Made };
    };
    const old = await make({ name: 'rotated', scopes: ['stock:read'] });
    const { status: told, body: fresh } = await rotate(old.id, { overlapMs: 2_000 });
    secrets.push(fresh.key);
    expect(told).to.equal(201);
    expect(fresh).to.deep.include({ name: 'rotated', scopes: ['stock:read'], expiresAt: null });
    expect([await status(one, old.key), await status(one, fresh.key)]).to.deep.equal([200, 200]);
    await until('the overlap is over', async () => (await status(one, old.key)) === 401, 10_000);
    expect(await status(one, fresh.key)).to.equal(200);
    expect((await rotate(old.id, {})).status).to.equal(409);
    // Its own end comes before the overlap's.
    const short = await make({ name: 'short', scopes: ['stock:read'], expiresAt: new Date(Date.now() + 60_000).toISOString() });
    expect((await rotate(short.id, {})).body.expiresAt).to.equal(short.expiresAt);
    const [kept] = await rows(`SELECT expires_at FROM holdfast.api_key WHERE id = '${short.id}'`);
    expect(kept?.expires_at).to.deep.equal(new Date(short.expiresAt ?? ''));
    expect((await rotate(short.id, { overlapMs: -1 })).status).to.equal(400);
    expect((await rotate(randomUUID(), {})).status).to.equal(404);
  });

  it('end by themselves, by the clock of the database', async () => {
    const { key } = await make({ name: 'brief', scopes: ['stock:read'], expiresAt: new Date(Date.now() + 1_500).toISOString() });
    expect(await status(one, key)).to.equal(200);
    await until('it ends', async () => (await status(one, key)) === 401, 10_000);
  });

  it('are still asked for where all of them are revoked', async () => {
    const spare = await make({ name: 'spare', scopes: ['admin'] });
    await rows('UPDATE holdfast.api_key SET revoked_at = now() WHERE revoked_at IS NULL');
    await until('all know of it', async () => (await status(one, admin.key)) === 401 && (await status(other, admin.key)) === 401);
    expect([await status(one, null), await status(one, spare.key)]).to.deep.equal([401, 401]);
    await rows(`UPDATE holdfast.api_key SET revoked_at = NULL WHERE id = '${admin.id}'`);
    await until('one is good again', async () => (await status(one, admin.key)) === 200);
  });

  it('let nobody in who has none while PostgreSQL is away, and those who have one still read what needs none', async () => {
    await postgres.kill();
    expect([await status(one, null, '/metrics'), await status(one, admin.key, '/openapi.json')]).to.deep.equal([401, 200]);
    await postgres.restart();
    await until('it is back', async () => (await status(one, admin.key)) === 200);
  });

  it('stand nowhere once they were shown: no table, no log, no figure', async () => {
    const tables = await rows(
      "SELECT relname AS name FROM pg_class WHERE relnamespace = 'holdfast'::regnamespace AND relkind = 'r'",
    );
    const figures = await (await one.request('/metrics', { headers: bearer(admin.key) })).text();
    const texts = [figures, one.output(), other.output()];
    for (const { name } of tables) texts.push(JSON.stringify(await rows(`SELECT t::text FROM holdfast.${String(name)} t`)));
    expect(secrets.length).to.be.above(8);
    for (const secret of secrets) for (const text of texts) expect(text).to.not.contain(secret.slice(-64));
  });
});

describe('the first key', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let folder = '';

  before(async () => {
    [postgres, folder] = await Promise.all([startPostgres(), makeFolder()]);
  });
  after(async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (more: Record<string, string>) => startCoordinator({ env: { DATABASE_URL: postgres.url, ...more } });
  const refusal = (more: Record<string, string>): Promise<string> =>
    start(more).then(
      () => 'it started',
      (error: Error) => error.message,
    );
  const file = async (text: string): Promise<string> => {
    const path = join(folder, `${randomUUID()}.key`);
    await writeFile(path, text);
    return path;
  };

  it('is there before anybody else than this machine can call', async () => {
    const told = await refusal({ HOST: '0.0.0.0' });
    expect(told).to.contain('ended with 1').and.to.contain('HOLDFAST_ADMIN_KEY_FILE').and.to.contain('HOST is 0.0.0.0');
    expect(told.match(/^holdfast: /gm)).to.have.length(1);
  });

  it('comes from a file, is good for everything, and stays revoked once it was', async () => {
    const { id, text } = makeKey(randomUUID());
    const env = { HOST: '0.0.0.0', HOLDFAST_ADMIN_KEY_FILE: await file(`${text}\n`) };
    const first = await start(env);
    const headers = { authorization: `Bearer ${text}` };
    expect((await first.request('/v1/keys', { headers })).status).to.equal(200);
    expect((await first.request(`/v1/keys/${id}`, { method: 'DELETE', headers })).status).to.equal(204);
    expect(await first.stop()).to.equal(0);
    const second = await start(env);
    expect((await second.request('/v1/keys', { headers })).status).to.equal(401);
    expect(await second.stop()).to.equal(0);
  });

  it('is refused where the file does not hold one, in words that do not show it', async () => {
    const { id, text } = makeKey(randomUUID());
    const other = makeKey(id).text;
    await start({ HOLDFAST_ADMIN_KEY_FILE: await file(text) }).then((one) => one.stop());
    for (const [path, why] of [
      [await file(other), 'has another secret'],
      [await file(text.slice(0, -1)), 'holds no key'],
      [await file(''), 'holds no key'],
      [join(folder, 'none.key'), 'cannot be read: ENOENT'],
    ] as const) {
      const told = await refusal({ HOLDFAST_ADMIN_KEY_FILE: path });
      expect(told).to.contain(why).and.to.contain(path);
      for (const key of [text, other]) expect(told).to.not.contain(key.slice(-60));
    }
  });
});

describe('the audit', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;
  let key: Made;

  before(async () => {
    postgres = await startPostgres();
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url } });
    key = (await (await coordinator.request('/v1/keys', { json: { name: 'boss', scopes: ['admin'] } })).json()) as Made;
  });
  after(async () => {
    await coordinator.stop();
    await postgres.stop();
  });

  const call = async (method: string, path: string, json?: unknown, more: Record<string, string> = {}): Promise<number> => {
    const headers = { authorization: `Bearer ${key.key}`, ...more };
    const answer = await coordinator.request(path, json === undefined ? { method, headers } : { method, json, headers });
    await answer.arrayBuffer();
    return answer.status;
  };

  async function entries(query = ''): Promise<readonly Entry[]> {
    const answer = await coordinator.request(`/v1/audit?limit=500${query}`, { headers: { authorization: `Bearer ${key.key}` } });
    return ((await answer.json()) as { items: readonly Entry[] }).items;
  }

  async function verified() {
    const pool = new Pool({ databaseUrl: postgres.url, size: 1, timeoutMs: 10_000, onFault: () => {} });
    return new PostgresAudit(pool).read((reading) => verifyAudit(reading)).finally(() => pool.end());
  }

  it('tells who did what, from where and why, for every kind of act', async () => {
    const secret = `whsec_${Buffer.from('x'.repeat(32)).toString('base64')}`;
    expect(await call('PUT', '/v1/participants/payment', { url: 'http://127.0.0.1:9/', secret })).to.equal(200);
    expect(await call('POST', '/v1/stock/movements', { sku: 'a', kind: 'RECEIVE', quantity: 10, reason: 'delivery' })).to.equal(
      201,
    );
    expect(await call('PUT', '/v1/stock/a', { available: 7, reason: 'counted' })).to.equal(200);
    const id = randomUUID();
    expect(await call('POST', '/v1/transactions', { id, branches: [{ participant: 'payment' }] }, { prefer: 'wait=0' })).to.equal(
      202,
    );
    expect(await call('POST', `/v1/transactions/${id}/retry`)).to.equal(200);
    const act = { 'x-holdfast-console': '1' };
    expect(
      await call('POST', `/console/api/transactions/${id}/cancel`, { note: 'stuck', by: 'nobody you know' }, act),
    ).to.be.oneOf([200, 202]);
    const state = (await (
      await coordinator.request(`/v1/transactions/${id}`, { headers: { authorization: `Bearer ${key.key}` } })
    ).json()) as {
      branches: { id: string }[];
    };
    const branchId = state.branches[0]?.id;
    expect(await call('POST', `/v1/transactions/${id}/resolve`, { branchId, as: 'CANCELLED', note: 'looked' })).to.equal(200);
    expect(await call('DELETE', '/v1/participants/payment')).to.equal(204);
    const csv = await coordinator.request('/v1/stock/import', {
      method: 'POST',
      body: 'sku,available\nb,1\nc,2\nd,-1\n',
      headers: { authorization: `Bearer ${key.key}`, 'content-type': 'text/csv' },
    });
    expect(csv.status).to.equal(200);
    const extra = (await (
      await coordinator.request('/v1/keys', {
        json: { name: 'extra', scopes: ['stock:read'] },
        headers: { authorization: `Bearer ${key.key}` },
      })
    ).json()) as Made;
    expect(await call('POST', `/v1/keys/${extra.id}/rotate`)).to.equal(201);
    expect(await call('DELETE', `/v1/keys/${extra.id}`)).to.equal(204);

    const told = (await entries()).toReversed();
    expect(told.map(({ act: name, subject }) => `${name} ${subject}`)).to.deep.equal([
      `key.create ${key.id}`,
      'participant.put payment',
      'stock.move a',
      'stock.count a',
      ...[`transaction.retry ${id}`, `transaction.cancel ${id}`, `transaction.resolve ${id}`],
      'participant.remove payment',
      ...[`stock.import.begin ${told[8]?.subject}`, `stock.import ${told[8]?.subject}`],
      ...[`key.create ${extra.id}`, `key.rotate ${extra.id}`, `key.revoke ${extra.id}`],
    ]);
    for (const entry of told.slice(1)) {
      expect(entry.actor, entry.act).to.deep.equal({ kind: 'key', id: key.id, name: 'boss' });
      expect(entry.address).to.equal('127.0.0.1');
    }
    expect(told[0]?.actor.kind).to.equal('nobody');
    expect(told.map(({ note }) => note).filter((note) => note !== null)).to.deep.equal([
      'delivery',
      'counted',
      'stuck',
      'looked',
    ]);
    expect(told[1]?.detail).to.include({ url: 'http://127.0.0.1:9', secretGiven: true });
    expect(told[5]?.detail).to.deep.equal({ by: 'boss' });
    expect(told[9]?.detail).to.include({ accepted: 2, rejected: 1, complete: true });
    expect(told[9]?.detail.sha256).to.match(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(told)).to.not.contain(secret.slice(6));
  });

  it('tells of nothing that was refused, or that callers do', async () => {
    const before = (await entries()).length;
    expect(await call('POST', '/v1/stock/movements', { sku: 'a', kind: 'WRITE_OFF', quantity: 1_000 })).to.equal(409);
    expect(await call('DELETE', '/v1/participants/nobody')).to.equal(404);
    expect(await call('POST', `/v1/transactions/${randomUUID()}/retry`)).to.equal(404);
    expect(await call('DELETE', `/v1/keys/${randomUUID()}`)).to.equal(404);
    const id = randomUUID();
    expect(await call('POST', '/v1/transactions', { id, items: [{ sku: 'a', quantity: 1 }] })).to.equal(201);
    expect(await call('POST', `/v1/transactions/${id}/cancel`, { reason: 'no' })).to.equal(200);
    expect((await entries()).length).to.equal(before);
  });

  it('is chained soon after, found by act and by subject, and read page by page', async () => {
    await until('all have a link', async () => (await entries()).every(({ link }) => link !== null));
    expect((await verified()).faults).to.deep.equal([]);
    expect((await entries('&act=stock.move')).map(({ subject }) => subject)).to.deep.equal(['a']);
    expect((await entries('&subject=payment')).map(({ act }) => act)).to.deep.equal(['participant.remove', 'participant.put']);
    expect(await call('GET', '/v1/audit?act=DROP')).to.equal(400);
    const all: string[] = [];
    let cursor = '';
    do {
      const answer = await coordinator.request(`/v1/audit?limit=4${cursor === '' ? '' : `&cursor=${cursor}`}`, {
        headers: { authorization: `Bearer ${key.key}` },
      });
      const page = (await answer.json()) as { items: readonly { id: string }[]; nextCursor: string | null };
      all.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? '';
    } while (cursor !== '');
    expect(all).to.have.length((await entries()).length);
    expect(new Set(all).size).to.equal(all.length);
  });

  it('holds every act of a crowd, and holds nobody up', async () => {
    const crowd = Array.from({ length: 500 }, (_, index) =>
      call('POST', '/v1/stock/movements', { sku: `crowd-${index % 20}`, kind: 'RECEIVE', quantity: 1 }),
    );
    const callers = Array.from({ length: 200 }, () => call('POST', '/v1/transactions', { items: [{ sku: 'a', quantity: 1 }] }));
    expect(new Set(await Promise.all(crowd))).to.deep.equal(new Set([201]));
    expect((await Promise.all(callers)).every((status) => status === 201 || status === 409)).to.equal(true);
    await until('all are chained', async () => (await verified()).pending === 0);
    const { faults, entries: count } = await verified();
    expect(faults).to.deep.equal([]);
    expect(count).to.be.at.least(500);
  });
});
