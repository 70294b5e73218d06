// Owns putting together who may call: the keys, the tokens, the gate in front of every route, and the first key from a file.
import { readFile } from 'node:fs/promises';
import { KeyedGate } from '../access/gate.ts';
import { readKey } from '../access/key.ts';
import { Keyring } from '../access/keyring.ts';
import type { Scope } from '../access/principal.ts';
import { Tokens } from '../access/tokens.ts';
import { isLoopbackHost } from '../addresses.ts';
import type { Config } from '../config.ts';
import type { Access } from '../http/app.ts';
import { PostgresAudit } from '../ledger/audit.ts';
import { PostgresKeys } from '../ledger/keys.ts';
import { Pool } from '../ledger/pool.ts';
import { SETTINGS } from '../settings.ts';

/** It may not serve as it is set up; the message says what to do. */
export class NotSafe extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotSafe';
  }
}

export interface AccessOptions {
  readonly config: Config;
  /** For what administrators do. */
  readonly pool: Pool;
  /** For the look at the keys, once a second. */
  readonly inner: Pool;
  readonly onFault: (error: unknown, what: 'keys' | 'tokens') => void;
}

export interface RunningAccess extends Access {
  stop(): Promise<void>;
}

/**
 * Reads the keys, and takes in the one of the file that is configured.
 * @throws NotSafe where there is no authentication and others than this machine could call, or the file is no key
 * @throws DatabaseUnavailable
 */
export async function startAccess({ config, pool, inner, onFault }: AccessOptions): Promise<RunningAccess> {
  const keys = new PostgresKeys(pool);
  for (const given of givenKeys(config)) await adoptKey(keys, given);
  const keyring = new Keyring({ store: new PostgresKeys(inner), onFault: (error) => onFault(error, 'keys') });
  await keyring.refresh();
  const gate = new KeyedGate(keyring, tokensOf(config, onFault));
  if (!gate.isOn && !isLoopbackHost(config.host)) throw new NotSafe(howToBeSafe(config.host));
  keyring.start();
  return {
    gate,
    keys,
    audit: new PostgresAudit(pool),
    keysChanged: () => keyring.refresh(),
    stop: () => keyring.stop(),
  };
}

/**
 * The same look without serving: whoever may not serve is told so once, before anything is begun.
 * @throws NotSafe, DatabaseUnavailable
 */
export async function proveSafe(config: Config, databaseUrl: string): Promise<void> {
  const ignore = (): void => undefined;
  const options = {
    databaseUrl,
    size: 1,
    timeoutMs: config.databaseTimeoutMs,
    onFault: ignore,
    applicationName: 'holdfast start',
  };
  const pool = new Pool(options);
  try {
    const access = await startAccess({ config, pool, inner: pool, onFault: ignore });
    await access.stop();
  } finally {
    await pool.end();
  }
}

function tokensOf({ jwtIssuer, jwtAudience, jwtJwks, jwtAlgorithms }: Config, onFault: AccessOptions['onFault']): Tokens | null {
  if (jwtIssuer === null || jwtAudience === null || jwtJwks === null) return null;
  return new Tokens({
    issuer: jwtIssuer,
    audience: jwtAudience,
    jwks: jwtJwks,
    algorithms: jwtAlgorithms.split(','),
    onFault: (error) => onFault(error, 'tokens'),
  });
}

function howToBeSafe(host: string): string {
  return `there is no API key and no token issuer yet, so it serves on loopback alone, and HOST is ${host}. Make a key (holdfast keys create --name admin --scopes admin), or give one by ${SETTINGS.adminKeyFile.name}, or set ${SETTINGS.jwtIssuer.name}, ${SETTINGS.jwtAudience.name} and ${SETTINGS.jwtJwks.name}; or leave HOST at 127.0.0.1.`;
}

interface GivenKey {
  readonly path: string;
  readonly setting: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
}

function givenKeys({ adminKeyFile, metricsKeyFile }: Config): GivenKey[] {
  const given = [
    { path: adminKeyFile, setting: SETTINGS.adminKeyFile.name, name: 'admin', scopes: ['admin'] as const },
    { path: metricsKeyFile, setting: SETTINGS.metricsKeyFile.name, name: 'metrics', scopes: ['operations:read'] as const },
  ];
  return given.flatMap(({ path, ...rest }) => (path === null ? [] : [{ path, ...rest }]));
}

/** A key of that id which was revoked since stays revoked: another must be put into the file. */
async function adoptKey(keys: PostgresKeys, { path, setting, name, scopes }: GivenKey): Promise<void> {
  // A slip that would be repeated by the next sentence.
  if (readKey(path.trim()) !== null) throw new NotSafe(`${setting} must be the path of a file that holds the key, not the key.`);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new NotSafe(`the file ${path} (${setting}) cannot be read: ${cause.code ?? 'it is not there'}.`);
  });
  const key = readKey(text.trim());
  if (key === null)
    throw new NotSafe(
      `the file ${path} (${setting}) holds no key: hf_, a UUID, _, and 64 hexadecimal digits (holdfast keys generate makes one).`,
    );
  const from = { actor: { kind: 'operator', id: '', name: setting }, address: 'local' } as const;
  const act = { ...from, act: 'key.adopt', subject: key.id, note: null, detail: { name, scopes } } as const;
  const kept = await keys.adopt({ ...key, name, scopes, expiresAt: null }, act);
  if (kept === 'other-secret')
    throw new NotSafe(`the file ${path} (${setting}) has another secret than the key of its id that is known.`);
  if (typeof kept === 'string') throw new NotSafe(`the key of ${path} (${setting}) cannot be kept: ${kept}.`);
}
