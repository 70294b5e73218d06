// Owns the tests of how the public keys of a token issuer are had, from a real server and a real file: rotated, away, spoilt.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeFolderForTheRun } from '../../support/folder.ts';
import { type JwksServer, makeSigner, type Signer, startJwks } from '../../support/issuer.ts';
import { withIssuer } from '../../support/issuer-fixture.ts';

const HOUR_S = 3_600;

describe('the keys of a token issuer', function () {
  this.timeout(20_000);
  const { issuer, tokensWith, isGood, seconds } = withIssuer();

  describe('from a URL', () => {
    it('have the keys asked for once, however many come at a time', async () => {
      const tokens = tokensWith(issuer.jwks.url);
      const before = issuer.jwks.asked;
      const all = await Promise.all(Array.from({ length: 50 }, async (_, index) => issuer.rsa.sign({ sub: `caller-${index}` })));
      expect((await Promise.all(all.map((token) => isGood(tokens, token)))).every(Boolean)).to.equal(true);
      expect(issuer.jwks.asked - before).to.equal(1);
    });

    it('have a key that is new fetched, but not by each token that names one', async () => {
      const tokens = tokensWith(issuer.jwks.url);
      expect(await isGood(tokens, await issuer.rsa.sign())).to.equal(true);
      const next = await makeSigner('ES256', 'next');
      issuer.jwks.serve([issuer.rsa, next]);
      issuer.clockMs += 10_000;
      const before = issuer.jwks.asked;
      expect(await isGood(tokens, await next.sign())).to.equal(true);
      for (let index = 0; index < 20; index += 1)
        expect(await isGood(tokens, await issuer.rsa.sign({}, { kid: `made-up-${index}` }))).to.equal(false);
      expect(issuer.jwks.asked - before).to.equal(1);
      expect(issuer.faults).to.deep.equal([]);
    });

    it('are no longer good once their key is gone for five minutes', async () => {
      const tokens = tokensWith(issuer.jwks.url);
      expect(await isGood(tokens, await issuer.edwards.sign())).to.equal(true);
      issuer.jwks.serve([issuer.rsa]);
      issuer.clockMs += 300_000;
      expect(await isGood(tokens, await issuer.edwards.sign())).to.equal(false);
      expect(await isGood(tokens, await issuer.rsa.sign())).to.equal(true);
    });

    it('go on where the issuer is away, for as long as it is', async () => {
      const away = await startJwks([issuer.rsa]);
      const tokens = tokensWith(away.url);
      expect(await isGood(tokens, await issuer.rsa.sign())).to.equal(true);
      await away.stop();
      for (let hour = 0; hour < 3; hour += 1) {
        issuer.clockMs += HOUR_S * 500;
        expect(await isGood(tokens, await issuer.rsa.sign({ exp: seconds(HOUR_S) }))).to.equal(true);
      }
      expect(issuer.faults).to.have.length(3);
      const next = await makeSigner('RS256', 'next');
      expect(await isGood(tokens, await next.sign({ exp: seconds(HOUR_S) }))).to.equal(false);
      await away.restart();
      away.serve([next]);
      issuer.clockMs += 10_000;
      expect(await isGood(tokens, await next.sign({ exp: seconds(HOUR_S) }))).to.equal(true);
      expect(await isGood(tokens, await issuer.rsa.sign({ exp: seconds(HOUR_S) }))).to.equal(false);
      await away.stop();
    });

    it('are good a second after the issuer answers for the first time', async () => {
      const late = await startJwks([issuer.rsa]);
      await late.stop();
      const tokens = tokensWith(late.url);
      expect(await isGood(tokens, await issuer.rsa.sign())).to.equal(false);
      await late.restart();
      expect(await isGood(tokens, await issuer.rsa.sign())).to.equal(false);
      issuer.clockMs += 1_000;
      expect(await isGood(tokens, await issuer.rsa.sign())).to.equal(true);
      expect(issuer.faults).to.have.length(1);
      await late.stop();
    });

    it('take no keys from where they are sent on to, too long an answer, or one that is none', async () => {
      const target = await startJwks([issuer.rsa]);
      const huge = JSON.stringify({ keys: [issuer.rsa.jwk], padding: 'x'.repeat(300_000) });
      const bad: Readonly<Record<string, Parameters<JwksServer['answer']>[0]>> = {
        redirected: (_request, response) => response.writeHead(302, { location: target.url }).end(),
        huge: (_request, response) => response.end(huge),
        'an error': (_request, response) => response.writeHead(500).end(JSON.stringify({ keys: [issuer.rsa.jwk] })),
        'no JSON': (_request, response) => response.end('<html>'),
        'no keys': (_request, response) => response.end('{"keys":{}}'),
        'cut off': (_request, response) => {
          response.writeHead(200, { 'content-length': '10000' }).write('{"keys":[');
          setTimeout(() => response.destroy(), 20);
        },
      };
      for (const [name, answer] of Object.entries(bad)) {
        issuer.jwks.answer(answer);
        issuer.faults = [];
        const tokens = tokensWith(issuer.jwks.url);
        expect(await isGood(tokens, await issuer.rsa.sign()), name).to.equal(false);
        expect(issuer.faults, name).to.have.length(1);
        // Nor do they harm those that are known.
        issuer.jwks.serve([issuer.rsa]);
        issuer.clockMs += 1_000;
        expect(await isGood(tokens, await issuer.rsa.sign()), name).to.equal(true);
        issuer.jwks.answer(answer);
        issuer.clockMs += 300_000;
        expect(await isGood(tokens, await issuer.rsa.sign()), name).to.equal(true);
      }
      expect(target.asked).to.equal(0);
      await target.stop();
    });

    it('wait three seconds for the keys at most', async () => {
      issuer.jwks.answer(() => undefined);
      const tokens = tokensWith(issuer.jwks.url);
      const startedAt = performance.now();
      expect(await isGood(tokens, await issuer.rsa.sign())).to.equal(false);
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
      await write(issuer.rsa);
      const tokens = tokensWith(path);
      expect(await isGood(tokens, await issuer.rsa.sign())).to.equal(true);
      await write(issuer.elliptic);
      issuer.clockMs += 10_000;
      expect(await isGood(tokens, await issuer.elliptic.sign())).to.equal(true);
      expect(await isGood(tokens, await issuer.rsa.sign())).to.equal(false);
      expect(issuer.faults).to.deep.equal([]);
    });

    it('go on while the file is gone, or half written', async () => {
      await write(issuer.rsa);
      const tokens = tokensWith(path, { pauseMs: 20 });
      expect(await isGood(tokens, await issuer.rsa.sign())).to.equal(true);
      for (const spoil of [() => writeFile(path, '{"keys":['), () => writeFile(path, '[]'), () => rm(path)]) {
        await spoil();
        issuer.clockMs += 20;
        expect(await isGood(tokens, await issuer.rsa.sign())).to.equal(true);
      }
      expect(issuer.faults).to.have.length(3);
      await write(issuer.elliptic);
      issuer.clockMs += 20;
      expect(await isGood(tokens, await issuer.elliptic.sign())).to.equal(true);
    });

    it('are not good without one', async () => {
      await rm(path, { force: true });
      const tokens = tokensWith(path, { pauseMs: 0 });
      expect(await isGood(tokens, await issuer.rsa.sign())).to.equal(false);
      expect(issuer.faults.join()).to.include('ENOENT');
      await write(issuer.rsa);
      expect(await isGood(tokens, await issuer.rsa.sign())).to.equal(true);
    });
  });
});
