// Owns the proof that tokens of an issuer open the routes of a real coordinator. What is taken for one at all: test/unit/access.
import { generateKeyPairSync } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { exportJWK, SignJWT } from 'jose';
import { startCoordinator } from '../support/coordinator.ts';
import { makeFolder } from '../support/folder.ts';
import { startPostgres } from '../support/servers.ts';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'holdfast';

describe('tokens of an issuer, over HTTP', function () {
  this.timeout(30_000);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  const sign = (claims: Record<string, unknown>): Promise<string> =>
    new SignJWT({ iss: ISSUER, aud: AUDIENCE, exp: Math.floor(Date.now() / 1000) + 600, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'ec' })
      .sign(privateKey);

  it('open the routes of their scopes, and have everybody asked for credentials', async () => {
    const folder = await makeFolder();
    const jwks = join(folder, 'jwks.json');
    await writeFile(jwks, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'ec' }] }));
    const postgres = await startPostgres();
    const issuer = { HOLDFAST_JWT_ISSUER: ISSUER, HOLDFAST_JWT_AUDIENCE: AUDIENCE, HOLDFAST_JWT_JWKS: jwks };
    const coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, ...issuer } });
    const asked = (path: string, token: string | null, json?: unknown): Promise<Response> =>
      coordinator.request(path, {
        headers: token === null ? {} : { authorization: `Bearer ${token}` },
        ...(json === undefined ? {} : { json }),
      });
    const status = async (path: string, token: string | null): Promise<number> => {
      const reply = await asked(path, token);
      await reply.arrayBuffer();
      return reply.status;
    };
    const token = await sign({ sub: 'order service', scope: 'transactions:write stock:read' });
    // The second time it is remembered.
    for (let turn = 0; turn < 2; turn += 1) expect(await status('/v1/stock', token)).to.equal(200);
    expect(await status('/v1/transactions', token)).to.equal(403);
    expect([await status('/v1/stock', null), await status('/v1/stock', `${token}x`), await status('/livez', null)]).to.deep.equal(
      [401, 401, 200],
    );
    // Whoever has one with admin may make keys, and both are good.
    const admin = await sign({ sub: 'operator', scope: 'admin' });
    const made = await asked('/v1/keys', admin, { name: 'k', scopes: ['stock:read'] });
    expect(await status('/v1/stock', ((await made.json()) as { key: string }).key)).to.equal(200);
    const { items } = (await (await asked('/v1/audit', admin)).json()) as { items: { actor: object }[] };
    expect(items[0]?.actor).to.deep.equal({ kind: 'token', id: 'operator', name: 'operator' });
    expect(coordinator.output()).to.not.contain(token.split('.')[2]);
    expect(await coordinator.stop()).to.equal(0);
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });
});
