// Owns the proof of JWTs as credentials: what of an issuer's is taken, what is not, and where its keys come from. Tokens are tested by
// themselves, with a clock of our own; one coordinator shows that they open its routes.
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { exportJWK, SignJWT } from 'jose';
import { Tokens } from '../../src/access/tokens.ts';
import { startCoordinator } from '../support/coordinator.ts';
import { makeFolder } from '../support/folder.ts';
import { startPostgres } from '../support/servers.ts';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'holdfast';
const START_MS = Date.parse('2026-11-22T08:00:00Z');

interface Signer {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

function signer(kid: string, algorithm: string): Signer {
  if (algorithm === 'ES256') return { kid, algorithm, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
  if (algorithm === 'EdDSA') return { kid, algorithm, ...generateKeyPairSync('ed25519') };
  return { kid, algorithm, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) };
}

async function jwksOf(signers: readonly Signer[]): Promise<string> {
  const keys = await Promise.all(signers.map(async ({ kid, publicKey }) => ({ ...(await exportJWK(publicKey)), kid })));
  return JSON.stringify({ keys });
}

describe('tokens', function () {
  this.timeout(30_000);
  const rsa = signer('rsa', 'RS256');
  const ec = signer('ec', 'ES256');
  const ed = signer('ed', 'EdDSA');
  let folder = '';
  let jwks = '';
  let server: Server;
  let answer: { status: number; body: string; location?: string } = { status: 200, body: '' };
  let asked = 0;
  let now = START_MS;
  const faults: unknown[] = [];

  before(async () => {
    folder = await makeFolder();
    jwks = join(folder, 'jwks.json');
    await writeFile(jwks, await jwksOf([rsa, ec, ed]));
    server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(answer.status, answer.location === undefined ? {} : { location: answer.location });
      response.end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  beforeEach(() => {
    now = START_MS;
    asked = 0;
    faults.length = 0;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  const tokens = (from = jwks, algorithms: readonly string[] = ['RS256', 'ES256', 'EdDSA']): Tokens =>
    new Tokens({
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms,
      jwks: from,
      onFault: (error) => faults.push(error),
      now: () => now,
    });

  const seconds = (ms: number): number => Math.floor(ms / 1000);

  function sign(by: Signer, claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
    const whole = {
      iss: ISSUER,
      aud: AUDIENCE,
      sub: 'order service',
      exp: seconds(now) + 600,
      scope: 'transactions:write stock:read',
      ...claims,
    };
    const kept = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined));
    return new SignJWT(kept).setProtectedHeader({ alg: by.algorithm, kid: by.kid, ...header }).sign(by.privateKey);
  }

  it('of the issuer are good, by each algorithm that is on the list', async () => {
    for (const by of [rsa, ec, ed]) {
      const principal = await tokens().principalOf(await sign(by));
      expect(principal, by.algorithm).to.include({ kind: 'token', id: 'order service', name: 'order service' });
      expect([...(principal?.scopes ?? [])]).to.deep.equal(['transactions:write', 'stock:read']);
    }
    expect(await tokens(jwks, ['ES256']).principalOf(await sign(rsa))).to.equal(null);
    expect(faults).to.deep.equal([]);
  });

  it('name scopes as one text or as a list; what is no scope here says nothing', async () => {
    const scopesOf = async (claims: Record<string, unknown>) => [
      ...((await tokens().principalOf(await sign(rsa, claims)))?.scopes ?? []),
    ];
    expect(await scopesOf({ scope: undefined, scp: ['admin', 'email'] })).to.deep.equal(['admin']);
    expect(await scopesOf({ scope: 'openid profile' })).to.deep.equal([]);
    expect(await scopesOf({ scope: undefined })).to.deep.equal([]);
    expect(await scopesOf({ scope: { admin: true } })).to.deep.equal([]);
    expect(await scopesOf({ scope: 'ADMIN admin:x xadmin' })).to.deep.equal([]);
  });

  it('are not good for anybody else, too early, too late, or without an end or a subject', async () => {
    const wrong: Record<string, unknown>[] = [
      ...[
        { iss: 'https://other.example' },
        { iss: undefined },
        { iss: `${ISSUER}/` },
        { aud: 'somebody' },
        { aud: undefined },
        { aud: ['a', 'b'] },
      ],
      ...[{ exp: seconds(now) - 60 }, { exp: undefined }, { nbf: seconds(now) + 600 }],
      ...[{ sub: undefined }, { sub: '' }, { sub: 'a\nb' }, { sub: 'a\u202eb' }, { sub: 'x'.repeat(201) }],
    ];
    for (const claims of wrong)
      expect(await tokens().principalOf(await sign(rsa, claims)), JSON.stringify(claims)).to.equal(null);
    expect(await tokens().principalOf(await sign(rsa, { aud: ['other', AUDIENCE] }))).to.not.equal(null);
    // Two clocks differ by a little.
    expect(await tokens().principalOf(await sign(rsa, { exp: seconds(now) - 10 }))).to.not.equal(null);
    expect(faults).to.deep.equal([]);
  });

  it('cannot be made up', async () => {
    const good = await sign(rsa);
    const [head = '', body = '', signature = ''] = good.split('.');
    const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });
    const symmetric = `${encoded({ alg: 'HS256', kid: 'rsa' })}.${body}`;
    const stranger = signer('rsa', 'RS256');
    const forged = [
      `${encoded({ alg: 'none' })}.${body}.`,
      `${encoded({ alg: 'none', kid: 'rsa' })}.${body}.${signature}`,
      // The public key as a shared secret.
      `${symmetric}.${createHmac('sha256', pem).update(symmetric).digest('base64url')}`,
      `${head}.${encoded({ iss: ISSUER, aud: AUDIENCE, sub: 'x', exp: seconds(now) + 600, scope: 'admin' })}.${signature}`,
      await sign(stranger),
      await sign({ ...stranger, kid: 'unknown' }),
      `${encoded({ alg: 'RS256', kid: 'rsa', crit: ['x'], x: 1 })}.${body}.${signature}`,
      await sign(stranger, {}, { jwk: await exportJWK(stranger.publicKey) }),
      ...['', '.', '..', 'a.b', 'a.b.c', `${good}.`, good.slice(0, -4), `${good}${'x'.repeat(9_000)}`, '\u0000'],
    ];
    for (const token of forged) expect(await tokens().principalOf(token), token.slice(0, 60)).to.equal(null);
    expect(await tokens().principalOf(good)).to.not.equal(null);
    expect(faults).to.deep.equal([]);
  });

  it('are remembered for a minute, and no longer than they are good', async () => {
    const one = tokens();
    const [long, short] = [await sign(rsa), await sign(rsa, { exp: seconds(now) + 5 })];
    expect(one.remembered(long)).to.equal(null);
    const principal = await one.principalOf(long);
    await one.principalOf(short);
    expect(one.remembered(long)).to.equal(principal);
    now += 36_000;
    expect(one.remembered(long)).to.equal(principal);
    expect(one.remembered(short)).to.equal(null);
    expect(await one.principalOf(short)).to.equal(null);
    now += 30_000;
    expect(one.remembered(long)).to.equal(null);
    expect(await one.principalOf(long)).to.not.equal(null);
  });

  it('stand for the same caller whenever they are made', async () => {
    const [one, other] = [
      await tokens().principalOf(await sign(rsa)),
      await tokens().principalOf(await sign(ec, { exp: seconds(now) + 60 })),
    ];
    const stranger = await tokens().principalOf(await sign(rsa, { sub: 'payment service' }));
    expect(one?.lineage).to.equal(other?.lineage);
    expect(stranger?.lineage).to.not.equal(one?.lineage);
  });

  it('are held to the keys of a file as it is now', async () => {
    const path = join(folder, 'turning.json');
    await writeFile(path, await jwksOf([rsa]));
    const one = tokens(path);
    expect(await one.principalOf(await sign(rsa))).to.not.equal(null);
    const fresh = signer('fresh', 'RS256');
    await writeFile(path, await jwksOf([fresh]));
    now += 61_000;
    expect(await one.principalOf(await sign(fresh))).to.not.equal(null);
    expect(await one.principalOf(await sign(rsa))).to.equal(null);
    // A file that is being written, or gone, leaves the keys as they were.
    await writeFile(path, '{"keys":');
    now += 61_000;
    expect(await one.principalOf(await sign(fresh))).to.not.equal(null);
    await rm(path);
    now += 61_000;
    expect(await one.principalOf(await sign(fresh))).to.not.equal(null);
    expect(faults).to.have.length(2);
    expect(await tokens(path).principalOf(await sign(fresh))).to.equal(null);
    expect(faults).to.have.length(3);
  });

  it('are held to the keys of a URL, which is asked for those that are not known', async () => {
    answer = { status: 200, body: await jwksOf([rsa]) };
    const one = tokens(url());
    for (let count = 0; count < 5; count += 1)
      expect(await one.principalOf(await sign(rsa, { jti: String(count) }))).to.not.equal(null);
    expect(asked).to.equal(1);
    expect(await one.principalOf(await sign({ ...signer('nobody', 'RS256') }))).to.equal(null);
    expect(faults).to.deep.equal([]);
  });

  it('are not good where the keys cannot be had, and that is told', async () => {
    const wrong: { status: number; body: string; location?: string }[] = [
      { status: 500, body: 'down' },
      { status: 200, body: 'no JSON' },
      { status: 200, body: '{"keys":1}' },
      { status: 302, body: '', location: 'http://127.0.0.1:1/' },
      { status: 200, body: `{"keys":[],"x":"${'x'.repeat(300_000)}"}` },
    ];
    for (const each of wrong) {
      answer = each;
      faults.length = 0;
      expect(await tokens(url()).principalOf(await sign(rsa))).to.equal(null);
      expect(faults, JSON.stringify(each).slice(0, 100)).to.have.length(1);
    }
    expect(await tokens('http://127.0.0.1:9/jwks').principalOf(await sign(rsa))).to.equal(null);
  });

  it('open the routes of their scopes, and make the loopback ask for credentials', async () => {
    const postgres = await startPostgres();
    const env = {
      DATABASE_URL: postgres.url,
      HOLDFAST_JWT_ISSUER: ISSUER,
      HOLDFAST_JWT_AUDIENCE: AUDIENCE,
      HOLDFAST_JWT_JWKS: jwks,
    };
    const coordinator = await startCoordinator({ env });
    now = Date.now();
    const status = async (path: string, token: string | null): Promise<number> => {
      const reply = await coordinator.request(path, { headers: token === null ? {} : { authorization: `Bearer ${token}` } });
      await reply.arrayBuffer();
      return reply.status;
    };
    const token = await sign(ec);
    for (let turn = 0; turn < 2; turn += 1) expect(await status('/v1/stock', token)).to.equal(200);
    expect(await status('/v1/transactions', token)).to.equal(403);
    expect([await status('/v1/stock', null), await status('/v1/stock', `${token}x`), await status('/livez', null)]).to.deep.equal(
      [401, 401, 200],
    );
    // Whoever has a token with admin may make keys, and both are good.
    const admin = await sign(ed, { sub: 'operator', scope: 'admin' });
    const made = await coordinator.request('/v1/keys', {
      json: { name: 'k', scopes: ['stock:read'] },
      headers: { authorization: `Bearer ${admin}` },
    });
    expect(await status('/v1/stock', ((await made.json()) as { key: string }).key)).to.equal(200);
    const entries = await coordinator.request('/v1/audit', { headers: { authorization: `Bearer ${admin}` } });
    expect(((await entries.json()) as { items: { actor: object }[] }).items[0]?.actor).to.deep.equal({
      kind: 'token',
      id: 'operator',
      name: 'operator',
    });
    expect(coordinator.output()).to.not.contain(token.split('.')[2]);
    expect(await coordinator.stop()).to.equal(0);
    await postgres.stop();
  });
});
