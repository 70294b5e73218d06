// Owns an issuer of tokens for tests: its key pairs, the server that its public keys are had from, and the tokens that it signs.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { atTheEnd } from './end.ts';

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'holdfast';

export interface Signer {
  readonly kid: string;
  readonly alg: string;
  /** What stands in the JWKS. */
  readonly jwk: JWK;
  readonly publicKey: CryptoKey;
  /** A token that is good unless the claims or the header say otherwise; a claim that is undefined is left out. */
  sign(claims?: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>;
}

export async function makeSigner(alg: string, kid: string): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  return {
    ...{ kid, alg, jwk, publicKey },
    sign: (claims = {}, header = {}) =>
      new SignJWT(claimsWith(claims)).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  };
}

/** Good for an hour from now on. */
export function claimsWith(claims: Readonly<Record<string, unknown>>): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: ISSUER, aud: AUDIENCE, sub: 'order-service', iat: now, exp: now + 3_600, scope: 'stock:read', ...claims };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

export interface JwksServer {
  readonly url: string;
  /** How often it was asked. */
  readonly asked: number;
  serve(signers: readonly Signer[]): void;
  /** Anything but keys, for once and all. */
  answer(work: (request: IncomingMessage, response: ServerResponse) => void): void;
  stop(): Promise<void>;
  /** Where it was before. */
  restart(): Promise<void>;
}

export async function startJwks(signers: readonly Signer[]): Promise<JwksServer> {
  let asked = 0;
  let work: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
  const serve = (of: readonly Signer[]): void => {
    const text = JSON.stringify({ keys: of.map(({ jwk }) => jwk) });
    work = (_request, response) => response.setHeader('content-type', 'application/json').end(text);
  };
  const listen = async (port: number): Promise<Server> => {
    const server = createServer((request, response) => {
      asked += 1;
      work(request, response);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return server;
  };
  serve(signers);
  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  atTheEnd(stop);
  return {
    url: `http://127.0.0.1:${port}/jwks.json`,
    get asked() {
      return asked;
    },
    serve,
    answer: (other) => {
      work = other;
    },
    stop,
    restart: async () => {
      server = await listen(port);
    },
  };
}
