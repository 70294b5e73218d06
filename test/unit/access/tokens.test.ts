// Owns the tests of who a JWT stands for, with a real issuer: what is good, what is not, and for how long.
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { AUDIENCE, claimsWith, ISSUER, makeSigner } from '../../support/issuer.ts';
import { withIssuer } from '../../support/issuer-fixture.ts';

const HOUR_S = 3_600;

describe('tokens of an issuer', function () {
  this.timeout(20_000);
  const { issuer, tokensWith, isGood, seconds } = withIssuer();

  it('are good by every algorithm that is listed, and stand for their subject', async () => {
    const tokens = tokensWith(issuer.jwks.url);
    const lineages = new Set<string>();
    for (const signer of [issuer.rsa, issuer.elliptic, issuer.edwards]) {
      const principal = await tokens.principalOf(await signer.sign());
      expect(principal).to.include({ kind: 'token', id: 'order-service', name: 'order-service' });
      lineages.add(principal?.lineage ?? '');
    }
    // What is counted for a caller is counted under one id, whatever token it comes with.
    expect([...lineages][0]).to.match(/^[0-9a-f-]{36}$/);
    expect(lineages.size).to.equal(1);
    expect((await tokens.principalOf(await issuer.rsa.sign({ sub: 'another' })))?.lineage).not.to.equal([...lineages][0]);
    expect(issuer.faults).to.deep.equal([]);
  });

  it('may do what their scopes name, as text or as a list, and nothing by names that are not ours', async () => {
    const tokens = tokensWith(issuer.jwks.url);
    const scopesOf = async (claims: object): Promise<string[]> => [
      ...((await tokens.principalOf(await issuer.rsa.sign({ scope: undefined, ...claims })))?.scopes ?? ['refused']),
    ];
    expect(await scopesOf({ scope: 'stock:write  transactions:read openid' })).to.deep.equal([
      'transactions:read',
      'stock:write',
    ]);
    expect(await scopesOf({ scope: ['admin', 'email', 7, null] })).to.deep.equal(['admin']);
    expect(await scopesOf({ scp: ['stock:read'] })).to.deep.equal(['stock:read']);
    expect(await scopesOf({ scope: '', scp: 'admin' })).to.deep.equal([]);
    expect(await scopesOf({})).to.deep.equal([]);
    expect(await scopesOf({ scope: 'administrator ADMIN admin:all' })).to.deep.equal([]);
    expect(await scopesOf({ scope: { admin: true } })).to.deep.equal([]);
  });

  it('are not good for another issuer or audience, at another time, or without an end or a subject', async () => {
    const tokens = tokensWith(issuer.jwks.url);
    const wrong: Readonly<Record<string, object>> = {
      'another issuer': { iss: `${ISSUER}/` },
      'no issuer': { iss: undefined },
      'another audience': { aud: 'someone-else' },
      'no audience': { aud: undefined },
      'an end that is past': { exp: seconds(-31) },
      'no end': { exp: undefined },
      'an end that is text': { exp: String(seconds(HOUR_S)) },
      'a beginning that is to come': { nbf: seconds(60) },
      'no subject': { sub: undefined },
      'an empty subject': { sub: '' },
      'a subject that is a number': { sub: 5 },
      'a subject that is a list': { sub: ['order-service'] },
      'a subject of control characters': { sub: 'order\u0000service' },
      'a subject beyond all measure': { sub: 'x'.repeat(201) },
    };
    for (const [name, claims] of Object.entries(wrong))
      expect(await isGood(tokens, await issuer.rsa.sign({ ...claims })), name).to.equal(false);
    expect(await isGood(tokens, await issuer.rsa.sign({ aud: ['someone-else', AUDIENCE] }))).to.equal(true);
    // Two clocks are never quite the same.
    expect(await isGood(tokens, await issuer.rsa.sign({ exp: seconds(-20) }))).to.equal(true);
    expect(await isGood(tokens, await issuer.rsa.sign({ nbf: seconds(20) }))).to.equal(true);
    expect(issuer.faults).to.deep.equal([]);
  });

  it('are not good unsigned, signed by the public key, by another algorithm or key, or changed', async () => {
    const tokens = tokensWith(issuer.jwks.url);
    const shared = new TextEncoder().encode(await exportSPKI(issuer.rsa.publicKey));
    const stranger = await makeSigner('RS256', 'rsa');
    const other = await makeSigner('PS256', 'rsa');
    const good = await issuer.rsa.sign();
    const [head = '', body = '', signature = ''] = good.split('.');
    const forged = Buffer.from(JSON.stringify(claimsWith({ scope: 'admin' }))).toString('base64url');
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid: 'rsa' })).toString('base64url');
    const wrong: Readonly<Record<string, string>> = {
      unsigned: new UnsecuredJWT(claimsWith({})).encode(),
      'alg none with a signature': `${none}.${body}.${signature}`,
      'alg none without one': `${none}.${body}.`,
      'by the public key as a secret': await new SignJWT(claimsWith({}))
        .setProtectedHeader({ alg: 'HS256', kid: 'rsa' })
        .sign(shared),
      'by another key of the same name': await stranger.sign(),
      'by an algorithm that is not listed': await other.sign(),
      'a key that nobody knows': await issuer.rsa.sign({}, { kid: 'unknown' }),
      'other claims': `${head}.${forged}.${signature}`,
      'half of it': good.slice(0, -20),
      nothing: '',
      'no token at all': 'order-service',
      'five parts': `${good}.a.b`,
    };
    for (const [name, token] of Object.entries(wrong)) expect(await isGood(tokens, token), name).to.equal(false);
    expect(await isGood(tokens, good)).to.equal(true);
    expect(issuer.faults).to.deep.equal([]);
  });

  it('are not even looked at where they are too long', async () => {
    const tokens = tokensWith(issuer.jwks.url);
    const long = await issuer.rsa.sign({ padding: 'x'.repeat(8_192) });
    const before = issuer.jwks.asked;
    expect(await isGood(tokens, long)).to.equal(false);
    expect(issuer.jwks.asked).to.equal(before);
  });

  it('are remembered for a minute, and never beyond their end', async () => {
    const tokens = tokensWith(issuer.jwks.url);
    const [long, short] = [await issuer.rsa.sign(), await issuer.rsa.sign({ exp: seconds(10) })];
    expect(tokens.remembered(long)).to.equal(null);
    const [principal, brief] = [await tokens.principalOf(long), await tokens.principalOf(short)];
    if (principal === null || brief === null) throw new Error('they are good');
    expect(tokens.remembered(long)).to.equal(principal);
    issuer.clockMs += 41_000;
    expect(tokens.remembered(long)).to.equal(principal);
    expect(tokens.remembered(short)).to.equal(null);
    expect([tokens.isStillGood(principal), tokens.isStillGood(brief)]).to.deep.equal([true, false]);
    issuer.clockMs += 20_000;
    expect(tokens.remembered(long)).to.equal(null);
    // It is checked anew, and good still.
    expect(await isGood(tokens, long)).to.equal(true);
    expect(tokens.isStillGood(principal)).to.equal(true);
    issuer.clockMs += HOUR_S * 1000;
    expect(tokens.isStillGood(principal)).to.equal(false);
    expect(await isGood(tokens, long)).to.equal(false);
  });
});
