// Owns the tests of how the public keys of a token issuer are had, from a real server and a real file: rotated, away, spoilt.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { Tokens } from '../../../src/access/tokens.ts';
import { makeFolderForTheRun } from '../../support/folder.ts';
import { AUDIENCE, ISSUER, type JwksServer, makeSigner, type Signer, startJwks } from '../../support/issuer.ts';

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
const HOUR_S = 3_600;

describe('the keys of a token issuer', function () {
  this.timeout(20_000);
  let rsa: Signer;
  let elliptic: Signer;
  let edwards: Signer;
  let jwks: JwksServer;
  let clockMs: number;
  let faults: string[];

  before(async () => {
    [rsa, elliptic, edwards] = await Promise.all([
      makeSigner('RS256', 'rsa'),
      makeSigner('ES256', 'elliptic'),
      makeSigner('EdDSA', 'edwards'),
    ]);
    jwks = await startJwks([rsa, elliptic, edwards]);
  });
  after(() => jwks.stop());
  beforeEach(() => {
    clockMs = Date.now();
    faults = [];
    jwks.serve([rsa, elliptic, edwards]);
  });

  const tokensWith = (source: string, pauses: { readonly pauseMs?: number; readonly keepMs?: number } = {}): Tokens =>
    new Tokens({
      ...{ issuer: ISSUER, audience: AUDIENCE, algorithms: ALGORITHMS, jwks: source, now: () => clockMs, ...pauses },
      onFault: (error) => faults.push(String(error)),
    });
  const isGood = async (tokens: Tokens, token: string): Promise<boolean> => (await tokens.principalOf(token)) !== null;
  const seconds = (fromNow: number): number => Math.floor(clockMs / 1000) + fromNow;

  describe('from a URL', () => {
    it('have the keys asked for once, however many come at a time', async () => {
      const tokens = tokensWith(jwks.url);
      const before = jwks.asked;
      const all = await Promise.all(Array.from({ length: 50 }, async (_, index) => rsa.sign({ sub: `caller-${index}` })));
      expect((await Promise.all(all.map((token) => isGood(tokens, token)))).every(Boolean)).to.equal(true);
      expect(jwks.asked - before).to.equal(1);
    });

    it('have a key that is new fetched, but not by each token that names one', async () => {
      const tokens = tokensWith(jwks.url);
      expect(await isGood(tokens, await rsa.sign())).to.equal(true);
      const next = await makeSigner('ES256', 'next');
      jwks.serve([rsa, next]);
      clockMs += 10_000;
      const before = jwks.asked;
      expect(await isGood(tokens, await next.sign())).to.equal(true);
      for (let index = 0; index < 20; index += 1)
        expect(await isGood(tokens, await rsa.sign({}, { kid: `made-up-${index}` }))).to.equal(false);
      expect(jwks.asked - before).to.equal(1);
      expect(faults).to.deep.equal([]);
    });

    it('are no longer good once their key is gone for five minutes', async () => {
      const tokens = tokensWith(jwks.url);
      expect(await isGood(tokens, await edwards.sign())).to.equal(true);
      jwks.serve([rsa]);
      clockMs += 300_000;
      expect(await isGood(tokens, await edwards.sign())).to.equal(false);
      expect(await isGood(tokens, await rsa.sign())).to.equal(true);
    });

    it('go on where the issuer is away, for as long as it is', async () => {
      const away = await startJwks([rsa]);
      const tokens = tokensWith(away.url);
      expect(await isGood(tokens, await rsa.sign())).to.equal(true);
      await away.stop();
      for (let hour = 0; hour < 3; hour += 1) {
        clockMs += HOUR_S * 500;
        expect(await isGood(tokens, await rsa.sign({ exp: seconds(HOUR_S) }))).to.equal(true);
      }
      expect(faults).to.have.length(3);
      const next = await makeSigner('RS256', 'next');
      expect(await isGood(tokens, await next.sign({ exp: seconds(HOUR_S) }))).to.equal(false);
      await away.restart();
      away.serve([next]);
      clockMs += 10_000;
      expect(await isGood(tokens, await next.sign({ exp: seconds(HOUR_S) }))).to.equal(true);
      expect(await isGood(tokens, await rsa.sign({ exp: seconds(HOUR_S) }))).to.equal(false);
      await away.stop();
    });

    it('are good a second after the issuer answers for the first time', async () => {
      const late = await startJwks([rsa]);
      await late.stop();
      const tokens = tokensWith(late.url);
      expect(await isGood(tokens, await rsa.sign())).to.equal(false);
      await late.restart();
      expect(await isGood(tokens, await rsa.sign())).to.equal(false);
      clockMs += 1_000;
      expect(await isGood(tokens, await rsa.sign())).to.equal(true);
      expect(faults).to.have.length(1);
      await late.stop();
    });

    it('take no keys from where they are sent on to, too long an answer, or one that is none', async () => {
      const target = await startJwks([rsa]);
      const huge = JSON.stringify({ keys: [rsa.jwk], padding: 'x'.repeat(300_000) });
      const bad: Readonly<Record<string, Parameters<JwksServer['answer']>[0]>> = {
        redirected: (_request, response) => response.writeHead(302, { location: target.url }).end(),
        huge: (_request, response) => response.end(huge),
        'an error': (_request, response) => response.writeHead(500).end(JSON.stringify({ keys: [rsa.jwk] })),
        'no JSON': (_request, response) => response.end('<html>'),
        'no keys': (_request, response) => response.end('{"keys":{}}'),
        'cut off': (_request, response) => {
          response.writeHead(200, { 'content-length': '10000' }).write('{"keys":[');
          setTimeout(() => response.destroy(), 20);
        },
      };
      for (const [name, answer] of Object.entries(bad)) {
        jwks.answer(answer);
        faults = [];
        const tokens = tokensWith(jwks.url);
        expect(await isGood(tokens, await rsa.sign()), name).to.equal(false);
        expect(faults, name).to.have.length(1);
        // Nor do they harm those that are known.
        jwks.serve([rsa]);
        clockMs += 1_000;
        expect(await isGood(tokens, await rsa.sign()), name).to.equal(true);
        jwks.answer(answer);
        clockMs += 300_000;
        expect(await isGood(tokens, await rsa.sign()), name).to.equal(true);
      }
      expect(target.asked).to.equal(0);
      await target.stop();
    });

    it('wait three seconds for the keys at most', async () => {
      jwks.answer(() => undefined);
      const tokens = tokensWith(jwks.url);
      const startedAt = performance.now();
      expect(await isGood(tokens, await rsa.sign())).to.equal(false);
      expect(performance.now() - startedAt).to.be.within(2_000, 9_000);
    });
  });

  describe('from a file', () => {
    let path: string;
    const write = (...signers: readonly Signer[]): Promise<void> =>
      writeFile(path, JSON.stringify({ keys: signers.map(({ jwk }) => jwk) }));
    before(async () => {
      path = join(await makeFolderForTheRun(), 'jwks.json');
    });

    it('are good by a file that was changed, without a restart', async () => {
      await write(rsa);
      const tokens = tokensWith(path);
      expect(await isGood(tokens, await rsa.sign())).to.equal(true);
      await write(elliptic);
      clockMs += 10_000;
      expect(await isGood(tokens, await elliptic.sign())).to.equal(true);
      expect(await isGood(tokens, await rsa.sign())).to.equal(false);
      expect(faults).to.deep.equal([]);
    });

    it('go on while the file is gone, or half written', async () => {
      await write(rsa);
      const tokens = tokensWith(path, { pauseMs: 20 });
      expect(await isGood(tokens, await rsa.sign())).to.equal(true);
      for (const spoil of [() => writeFile(path, '{"keys":['), () => writeFile(path, '[]'), () => rm(path)]) {
        await spoil();
        clockMs += 20;
        expect(await isGood(tokens, await rsa.sign())).to.equal(true);
      }
      expect(faults).to.have.length(3);
      await write(elliptic);
      clockMs += 20;
      expect(await isGood(tokens, await elliptic.sign())).to.equal(true);
    });

    it('are not good without one', async () => {
      await rm(path, { force: true });
      const tokens = tokensWith(path, { pauseMs: 0 });
      expect(await isGood(tokens, await rsa.sign())).to.equal(false);
      expect(faults.join()).to.include('ENOENT');
      await write(rsa);
      expect(await isGood(tokens, await rsa.sign())).to.equal(true);
    });
  });
});
