// Owns what the tests of tokens share: an issuer with a key of each algorithm, afresh for each test, and a clock that they set.
import { Tokens } from '../../src/access/tokens.ts';
import { AUDIENCE, ISSUER, type JwksServer, makeSigner, type Signer, startJwks } from './issuer.ts';

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];

export interface IssuerFixture {
  readonly rsa: Signer;
  readonly elliptic: Signer;
  readonly edwards: Signer;
  readonly jwks: JwksServer;
  /** What the tokens' keeper takes for now. */
  clockMs: number;
  /** What it reported. */
  faults: string[];
}

export interface Pauses {
  readonly pauseMs?: number;
  readonly keepMs?: number;
}

/** Called within a `describe`: starts the issuer before its tests and stops it after them. */
export function withIssuer(): {
  /** Filled in before the first test. */
  readonly issuer: IssuerFixture;
  /** @param source where the keys are had from: a URL or a path. */
  tokensWith(source: string, pauses?: Pauses): Tokens;
  isGood(tokens: Tokens, token: string): Promise<boolean>;
  /** Of the clock, as a token's claims have it. */
  seconds(fromNow: number): number;
} {
  const issuer = { clockMs: 0, faults: [] } as Pick<IssuerFixture, 'clockMs' | 'faults'> as IssuerFixture;
  before(async () => {
    const [rsa, elliptic, edwards] = await Promise.all([
      makeSigner('RS256', 'rsa'),
      makeSigner('ES256', 'elliptic'),
      makeSigner('EdDSA', 'edwards'),
    ]);
    Object.assign(issuer, { rsa, elliptic, edwards, jwks: await startJwks([rsa, elliptic, edwards]) });
  });
  after(() => issuer.jwks.stop());
  beforeEach(() => {
    issuer.clockMs = Date.now();
    issuer.faults = [];
    issuer.jwks.serve([issuer.rsa, issuer.elliptic, issuer.edwards]);
  });
  return {
    issuer,
    tokensWith: (source, pauses = {}) =>
      new Tokens({
        ...{ issuer: ISSUER, audience: AUDIENCE, algorithms: ALGORITHMS, jwks: source, now: () => issuer.clockMs, ...pauses },
        onFault: (error) => issuer.faults.push(String(error)),
      }),
    isGood: async (tokens, token) => (await tokens.principalOf(token)) !== null,
    seconds: (fromNow) => Math.floor(issuer.clockMs / 1000) + fromNow,
  };
}
