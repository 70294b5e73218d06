// Owns the proof of the audit, against a real coordinator: what administrators did is written down, with who, from where and why, and
// chained; nothing else is; and no crowd waits for it.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { verifyAudit } from '../../src/access/verify.ts';
import { PostgresAudit } from '../../src/ledger/audit.ts';
import { Pool } from '../../src/ledger/pool.ts';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

interface Made {
  readonly id: string;
  readonly key: string;
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
