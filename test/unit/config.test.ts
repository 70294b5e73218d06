// Owns the tests of src/config.ts: what an environment may say, and how a bad one is refused.
import { expect } from 'chai';
import { ConfigError, readConfig } from '../../src/config.ts';
import { SETTINGS, type Setting } from '../../src/settings.ts';

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('settings', () => {
  it('have the documented defaults in an empty environment', () => {
    expect(readConfig({})).to.deep.equal({
      host: '127.0.0.1',
      port: 8080,
      tlsCertFile: null,
      tlsKeyFile: null,
      tlsClientCaFile: null,
      databaseUrl: null,
      migrateDatabaseUrl: null,
      redisUrl: null,
      dataDir: '.holdfast',
      workers: 1,
      logLevel: 'info',
      setup: 'on',
      queueLimit: 10_000,
      batchLimit: 500,
      poolSize: 4,
      requestTimeoutMs: 10_000,
      headersTimeoutMs: 5_000,
      maxConnections: 10_000,
      keepAliveTimeoutMs: 65_000,
      corsOrigins: null,
      trustedProxies: null,
      drainTimeoutMs: 8_000,
      databaseTimeoutMs: 5_000,
      retentionDays: 30,
      sweepIntervalMs: 500,
      adminKeyFile: null,
      metricsKeyFile: null,
      jwtIssuer: null,
      jwtAudience: null,
      jwtJwks: null,
      jwtAlgorithms: 'RS256,PS256,ES256,EdDSA',
      key: null,
      addressRequestsPerS: 0,
      keyRequestsPerS: 0,
      keyHoldLimit: 0,
      keyHoldLimitPerSku: 0,
      participantAllow: null,
      coordinatorUrl: 'http://127.0.0.1:8080',
    });
  });

  it('are frozen, typed, and leave the rest of the environment alone', () => {
    const config = readConfig({
      PORT: '0',
      WORKERS: '2',
      OTEL_SERVICE_NAME: 'x',
      PATH: '/bin',
      DATABASE_URL: 'postgres://a:b@%2Ftmp/c',
    });
    expect(config).to.be.frozen;
    expect(config).to.include({ port: 0, workers: 2, databaseUrl: 'postgres://a:b@%2Ftmp/c' });
  });

  it('count an empty value as not set', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '', HOLDFAST_POOL_SIZE: '' })).to.deep.equal(readConfig({}));
  });

  it('have defaults within their own bounds', () => {
    for (const setting of Object.values<Setting>(SETTINGS)) {
      if (setting.fallback === null) continue;
      expect(readConfig({ [setting.name]: String(setting.fallback) }), setting.name).to.deep.equal(readConfig({}));
    }
  });

  it('take a number at each of its bounds and refuse it just beyond', () => {
    for (const setting of Object.values<Setting>(SETTINGS)) {
      if (setting.kind !== 'integer' || setting.name.includes('TIMEOUT')) continue;
      expect(faultsOf({ [setting.name]: String(setting.min) }), setting.name).to.deep.equal([]);
      expect(faultsOf({ [setting.name]: String(setting.max) }), setting.name).to.deep.equal([]);
      expect(faultsOf({ [setting.name]: String(setting.max + 1) }), setting.name).to.have.length(1);
      if (setting.min > 0) expect(faultsOf({ [setting.name]: String(setting.min - 1) }), setting.name).to.have.length(1);
    }
  });

  for (const text of ['-1', '1.5', '1e3', '0x10', ' 80', '80 ', 'eighty', '99999999999999999999', 'NaN', 'Infinity']) {
    it(`refuse PORT=${JSON.stringify(text)}`, () => {
      expect(faultsOf({ PORT: text })).to.deep.equal([
        `PORT must be a whole number from 0 to 65535, not ${JSON.stringify(text)}.`,
      ]);
    });
  }

  it('name every fault at once', () => {
    const faults = faultsOf({ PORT: 'x', LOG_LEVEL: 'loud', HOLDFAST_SETUP: 'maybe', HOLDFAST_NOPE: '1', HOST: 'a b' });
    expect(faults.map((fault) => fault.split(' ')[0])).to.have.members([
      'PORT',
      'LOG_LEVEL',
      'HOLDFAST_SETUP',
      'HOLDFAST_NOPE',
      'HOST',
    ]);
  });

  it('suggest the nearest name for an unknown one, also where only the prefix is too much', () => {
    expect(faultsOf({ HOLDFAST_QUEU_LIMIT: '5' })).to.deep.equal([
      'HOLDFAST_QUEU_LIMIT is not a setting; did you mean HOLDFAST_QUEUE_LIMIT?',
    ]);
    expect(faultsOf({ HOLDFAST_PORT: '5' })).to.deep.equal(['HOLDFAST_PORT is not a setting; did you mean PORT?']);
    expect(faultsOf({ HOLDFAST_: '' })).to.have.length(1);
  });

  it('refuse a list of what participants may stand at that has a slip in it, and say where', () => {
    expect(readConfig({ HOLDFAST_PARTICIPANT_ALLOW: '10.0.0.0/8, *.internal' }).participantAllow).to.equal(
      '10.0.0.0/8, *.internal',
    );
    expect(faultsOf({ HOLDFAST_PARTICIPANT_ALLOW: '10.0.0.0/8,*' })).to.deep.equal([
      'HOLDFAST_PARTICIPANT_ALLOW must be a list of host names, addresses and CIDRs, separated by commas: "*" is no host name, address or CIDR.',
    ]);
  });

  it('never repeat a URL, which may hold a password', () => {
    const faults = faultsOf({ DATABASE_URL: 'mysql://root:hunter2@db', REDIS_URL: 'hunter2' });
    expect(faults).to.have.length(2);
    expect(faults.join()).not.to.include('hunter2');
  });

  it('take exact origins and nothing wider', () => {
    const name = 'HOLDFAST_CORS_ORIGINS';
    for (const text of ['https://shop.example', 'http://localhost:3000, https://b.example:8443', 'http://[::1]:81'])
      expect(faultsOf({ [name]: text }), text).to.deep.equal([]);
    const wide = ['*', 'https://*.example', 'null', 'shop.example', 'https://shop.example/', 'https://shop.example:443'];
    for (const text of [...wide, 'HTTPS://shop.example', 'https://a@b.example', 'file://x', 'https://a.example,', ',', ' '])
      expect(faultsOf({ [name]: text }), text).to.have.length(1);
  });

  it('take addresses and networks of proxies, and not the whole world', () => {
    const name = 'HOLDFAST_TRUSTED_PROXIES';
    for (const text of ['10.0.0.7', '10.1.0.0/16, ::1', 'fd00::/8']) expect(faultsOf({ [name]: text }), text).to.deep.equal([]);
    const wrong = ['loopback', 'true', '1', '0.0.0.0/0', '::/0', '10.0.0.0/33', '10.0.0/8', '010.0.0.1', 'fe80::1%eth0'];
    for (const text of [...wrong, '10.0.0.1/', '10.0.0.1/8/8', '10.0.0.1,', '::ffff:10.0.0.0/104', 'proxy.example'])
      expect(faultsOf({ [name]: text }), text).to.have.length(1);
  });

  it('refuse an issuer by halves, and a password on the way to its keys', () => {
    const [issuer, audience, jwks] = ['HOLDFAST_JWT_ISSUER', 'HOLDFAST_JWT_AUDIENCE', 'HOLDFAST_JWT_JWKS'];
    expect(faultsOf({ [issuer]: 'i', [jwks]: 'j' })).to.deep.equal([`${audience} must be set too, where tokens are taken.`]);
    expect(faultsOf({ [audience]: 'a' })).to.have.length(2);
    const whole = (source: string): readonly string[] => faultsOf({ [issuer]: 'i', [audience]: 'a', [jwks]: source });
    for (const source of ['https://issuer.example/keys?of=a@b', '/run/keys@home.json']) expect(whole(source)).to.deep.equal([]);
    for (const source of ['https://user:hunter2@issuer.example/keys', 'HTTP://user@issuer.example'])
      expect(whole(source)).to.deep.equal([`${jwks} must hold no user and no password.`]);
  });

  it('refuse half of TLS', () => {
    const [cert, key, clientCa] = ['HOLDFAST_TLS_CERT_FILE', 'HOLDFAST_TLS_KEY_FILE', 'HOLDFAST_TLS_CLIENT_CA_FILE'];
    expect(faultsOf({ [cert]: 'c' })).to.deep.equal([`${cert} needs ${key}.`]);
    expect(faultsOf({ [key]: 'k' })).to.deep.equal([`${key} needs ${cert}.`]);
    expect(faultsOf({ [clientCa]: 'a' })).to.deep.equal([`${clientCa} needs ${cert} and ${key}.`]);
    expect(faultsOf({ [cert]: 'c', [key]: 'k', [clientCa]: 'a' })).to.deep.equal([]);
  });

  it('refuse a login for migrations where there is no database to log in to', () => {
    const HOLDFAST_MIGRATE_DATABASE_URL = 'postgres://owner:hunter2@db/x';
    const [fault, ...others] = faultsOf({ HOLDFAST_MIGRATE_DATABASE_URL });
    expect(others).to.deep.equal([]);
    expect(fault)
      .to.match(/^HOLDFAST_MIGRATE_DATABASE_URL needs DATABASE_URL/)
      .and.not.to.include('hunter2');
    expect(faultsOf({ HOLDFAST_MIGRATE_DATABASE_URL, DATABASE_URL: 'postgres://app@db/x' })).to.deep.equal([]);
  });

  it('refuse a headers timeout longer than the request timeout', () => {
    expect(faultsOf({ HOLDFAST_HEADERS_TIMEOUT_MS: '10001' })).to.have.length(1);
    expect(faultsOf({ HOLDFAST_HEADERS_TIMEOUT_MS: '20000', HOLDFAST_REQUEST_TIMEOUT_MS: '20000' })).to.deep.equal([]);
  });
});
