// Owns the proof of bearer tokens on a real coordinator (contract, section 8): an issuer alone closes it, its tokens may do what they name,
// and whatever is wrong with one, or with the way to the issuer's keys, looks the same. What makes a token good stands in
// test/unit/access/tokens.test.ts.
import { expect } from 'chai';
import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { AUDIENCE, claimsWith, ISSUER, type JwksServer, makeSigner, type Signer, startJwks } from '../support/issuer.ts';
import { type Ask, askWith, NO_REDIS } from '../support/keys.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';
import { runToEnd } from '../support/start.ts';

describe('bearer tokens', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;
  let jwks: JwksServer;
  let signer: Signer;
  let elliptic: Signer;
  let env: Readonly<Record<string, string>>;
  const shown: string[] = [];
  const as = (token: string | null): Ask => {
    if (token !== null) shown.push(token);
    return askWith(
      () => coordinator,
      () => token,
    );
  };

  before(async () => {
    [postgres, signer, elliptic] = await Promise.all([startPostgres(), makeSigner('RS256', 'one'), makeSigner('ES256', 'two')]);
    jwks = await startJwks([signer, elliptic]);
    env = {
      ...{ DATABASE_URL: postgres.url, REDIS_URL: NO_REDIS, HOLDFAST_JWT_ISSUER: ISSUER, HOLDFAST_JWT_AUDIENCE: AUDIENCE },
      ...{ HOLDFAST_JWT_JWKS: jwks.url, HOLDFAST_JWT_ALGORITHMS: 'RS256,ES256' },
    };
    // An issuer is enough to be safe elsewhere than on loopback.
    coordinator = await startCoordinator({ env: { ...env, HOST: '0.0.0.0' } });
  });
  after(async () => {
    expect(await coordinator.stop()).to.equal(0);
    for (const token of shown) expect(coordinator.output()).not.to.include(token.slice(-40));
    await Promise.all([postgres.stop(), jwks.stop().catch(() => undefined)]);
  });

  it('are needed from the start, though there is no key', async () => {
    expect((await as(null)('GET', '/v1/stock')).brief).to.equal('401 unauthenticated');
    expect((await as(null)('POST', '/v1/keys', { name: 'me', scopes: ['admin'] })).brief).to.equal('401 unauthenticated');
    expect((await as(null)('GET', '/livez')).status).to.equal(200);
  });

  it('may do what they name, and act under their subject', async () => {
    const admin = as(await signer.sign({ scope: 'admin openid', sub: 'ada@example.com' }));
    expect(
      (await admin('POST', '/v1/stock/movements', { sku: 'S', kind: 'RECEIVE', quantity: 5, reason: 'delivery' })).status,
    ).to.equal(201);
    const { items } = (await admin('GET', '/v1/audit?act=stock.move')).body;
    expect(items[0].actor).to.deep.equal({ kind: 'token', id: 'ada@example.com', name: 'ada@example.com' });
    const reader = as(await elliptic.sign({ scope: ['stock:read', 'made:up'] }));
    expect((await reader('GET', '/v1/stock/S')).body.available).to.equal(5);
    const refused = await reader('PUT', '/v1/stock/S', { available: 1 });
    expect([refused.brief, refused.body.scope]).to.deep.equal(['403 forbidden', 'stock:write']);
    expect((await as(await signer.sign({ scope: undefined }))('GET', '/v1/stock')).brief).to.equal('403 forbidden');
  });

  it('stand beside keys', async () => {
    const admin = as(await signer.sign({ scope: 'admin' }));
    const { key } = (await admin('POST', '/v1/keys', { name: 'service', scopes: ['stock:read'] })).body;
    expect((await as(key)('GET', '/v1/stock')).status).to.equal(200);
    expect((await as(await signer.sign())('GET', '/v1/stock')).status).to.equal(200);
  });

  it('let their bearer sign in to the console', async () => {
    const sign = async (token: string): Promise<Response> =>
      fetch(`${coordinator.url}/console/session`, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ key: token }),
      });
    const good = await sign(await signer.sign({ scope: 'operations:read', sub: 'rita' }));
    expect(good.status).to.equal(303);
    const cookie = good.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    const session = await as(null)('GET', '/console/api/session', undefined, { cookie });
    expect(session.body).to.deep.equal({ name: 'rita', mayAct: false });
    expect((await sign(await signer.sign({ scope: 'stock:read' }))).status).to.equal(403);
    const expired = await sign(await signer.sign({ exp: 1 }));
    expect([expired.status, expired.headers.get('set-cookie')]).to.deep.equal([401, null]);
    // What no cookie can hold is refused, and not dropped by the browser in silence.
    expect((await sign(await signer.sign({ scope: 'admin', padding: 'x'.repeat(4_000) }))).status).to.equal(401);
  });

  it('are refused alike, whatever is wrong with them', async () => {
    const stranger = await makeSigner('RS256', 'one');
    const shared = new TextEncoder().encode(await exportSPKI(signer.publicKey));
    const wrong: Readonly<Record<string, string>> = {
      unsigned: new UnsecuredJWT(claimsWith({})).encode(),
      'by the public key as a secret': await new SignJWT(claimsWith({}))
        .setProtectedHeader({ alg: 'HS256', kid: 'one' })
        .sign(shared),
      'by a stranger': await stranger.sign(),
      'by a key that is not known': await signer.sign({}, { kid: 'three' }),
      'of another issuer': await signer.sign({ iss: 'https://other.example' }),
      'for another audience': await signer.sign({ aud: 'other' }),
      expired: await signer.sign({ exp: Math.floor(Date.now() / 1000) - 60 }),
      'not yet good': await signer.sign({ nbf: Math.floor(Date.now() / 1000) + 600 }),
      'without an end': await signer.sign({ exp: undefined }),
      'without a subject': await signer.sign({ sub: undefined }),
      'too long': await signer.sign({ padding: 'x'.repeat(8_000) }),
      'no token': 'a.b.c',
      'half a key': 'hf_',
    };
    const answers = new Set<string>();
    for (const [name, token] of Object.entries(wrong)) {
      const { status, headers, body } = await as(token)('GET', '/v1/stock');
      expect(status, name).to.equal(401);
      const { traceId: _, ...told } = body;
      answers.add(JSON.stringify([headers.get('www-authenticate'), told]));
    }
    expect([...answers]).to.have.length(1);
  });

  it('go on while the issuer is away, and those it is needed for are refused and no more', async () => {
    await jwks.stop();
    expect((await as(await signer.sign({ sub: 'not met before' }))('GET', '/v1/stock')).status).to.equal(200);
    const next = await makeSigner('ES256', 'next');
    expect((await as(await next.sign())('GET', '/v1/stock')).brief).to.equal('401 unauthenticated');
    const cold = await startCoordinator({ env });
    const asked = askWith(
      () => cold,
      () => shown.at(-2) ?? '',
    );
    expect((await asked('GET', '/v1/stock')).brief).to.equal('401 unauthenticated');
    expect(cold.output()).to.include('the keys of the token issuer cannot be had').and.not.include(shown.at(-2)?.slice(-40));
    expect(await cold.stop()).to.equal(0);
  });

  it('are not taken by halves, nor signed by a secret that both sides know', async () => {
    const { HOLDFAST_JWT_AUDIENCE: _, ...half } = env;
    const ends = await Promise.all([
      runToEnd(half),
      runToEnd({ ...env, HOLDFAST_JWT_ALGORITHMS: 'RS256,HS256' }),
      runToEnd({ ...env, HOLDFAST_JWT_ALGORITHMS: 'none' }),
    ]);
    const said = ['HOLDFAST_JWT_AUDIENCE must be set too', 'HOLDFAST_JWT_ALGORITHMS must be', 'HOLDFAST_JWT_ALGORITHMS must be'];
    for (const [index, { code, output }] of ends.entries()) {
      expect(code, output).to.equal(1);
      expect(output).to.include(said[index]);
    }
  });
});
