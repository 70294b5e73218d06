// Owns the table of settings: the name, default, bounds and meaning of each. The README's table and `holdfast serve --help`
// are made from it; config.ts reads the environment by it.
import { eachOf, FILE_PATH, isNetwork, isOrigin } from './setting-forms.ts';

interface TextSetting {
  readonly kind: 'text';
  readonly name: string;
  /** Null: not set, and the meaning says what happens then. */
  readonly fallback: string | null;
  readonly pattern: Pick<RegExp, 'test'>;
  /** What the pattern asks for, in words, to complete "must be …". */
  readonly form: string;
  /** True where the value may hold a password: then it is never repeated in an error. */
  readonly secret?: true;
  readonly meaning: string;
}

export interface IntegerSetting {
  readonly kind: 'integer';
  readonly name: string;
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
  readonly meaning: string;
}

interface ChoiceSetting {
  readonly kind: 'choice';
  readonly name: string;
  readonly fallback: string;
  readonly choices: readonly string[];
  readonly meaning: string;
}

export type Setting = TextSetting | IntegerSetting | ChoiceSetting;

/** Every setting, by the name the code knows it by. */
export const SETTINGS = {
  host: {
    kind: 'text',
    name: 'HOST',
    fallback: '127.0.0.1',
    pattern: /^[A-Za-z0-9.:_%-]{1,255}$/,
    form: 'a host name or an IP address',
    meaning: 'The address HTTP listens on.',
  },
  port: {
    kind: 'integer',
    name: 'PORT',
    fallback: 8080,
    min: 0,
    max: 65_535,
    meaning: 'The port HTTP listens on; 0 takes a free one.',
  },
  tlsCertFile: {
    kind: 'text',
    name: 'HOLDFAST_TLS_CERT_FILE',
    fallback: null,
    pattern: FILE_PATH,
    form: 'the path of a file',
    meaning:
      'A certificate and what is between it and its root, in PEM form: then HTTPS is served, and no HTTP. Looked at every 2 s; a new one is taken without a restart.',
  },
  tlsKeyFile: {
    kind: 'text',
    name: 'HOLDFAST_TLS_KEY_FILE',
    fallback: null,
    pattern: FILE_PATH,
    form: 'the path of a file',
    meaning: 'The private key of that certificate, in PEM form and not encrypted. One is not taken without the other.',
  },
  tlsClientCaFile: {
    kind: 'text',
    name: 'HOLDFAST_TLS_CLIENT_CA_FILE',
    fallback: null,
    pattern: FILE_PATH,
    form: 'the path of a file',
    meaning: 'The authorities whose certificates clients must show (mutual TLS), in PEM form. Without it, none is asked for.',
  },
  databaseUrl: {
    kind: 'text',
    name: 'DATABASE_URL',
    fallback: null,
    pattern: /^postgres(ql)?:\/\/\S+$/,
    form: 'a URL that begins with postgres:// or postgresql://',
    secret: true,
    meaning: 'The ledger. Without it: a private, durable PostgreSQL under the data folder.',
  },
  migrateDatabaseUrl: {
    kind: 'text',
    name: 'HOLDFAST_MIGRATE_DATABASE_URL',
    fallback: null,
    pattern: /^postgres(ql)?:\/\/\S+$/,
    form: 'a URL that begins with postgres:// or postgresql://',
    secret: true,
    meaning:
      "The same database as the schema's owner, for migrations alone; then `DATABASE_URL` may be a login without rights to change the schema. Without it: `DATABASE_URL`.",
  },
  redisUrl: {
    kind: 'text',
    name: 'REDIS_URL',
    fallback: null,
    pattern: /^rediss?:\/\/\S+$/,
    form: 'a URL that begins with redis:// or rediss://',
    secret: true,
    meaning:
      'Timers, retries and caches; never the truth. Without it: a private redis-server or valkey-server from PATH; without one, the PostgreSQL sweep alone.',
  },
  dataDir: {
    kind: 'text',
    name: 'HOLDFAST_DATA_DIR',
    fallback: '.holdfast',
    pattern: FILE_PATH,
    form: 'the path of a folder',
    meaning: 'What the embedded servers keep; a second start finds everything again.',
  },
  workers: { kind: 'integer', name: 'WORKERS', fallback: 1, min: 1, max: 32, meaning: 'HTTP processes in this instance.' },
  logLevel: {
    kind: 'choice',
    name: 'LOG_LEVEL',
    fallback: 'info',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    meaning: 'The least grave log lines that are written.',
  },
  setup: {
    kind: 'choice',
    name: 'HOLDFAST_SETUP',
    fallback: 'on',
    choices: ['on', 'off'],
    meaning: 'off forbids the set-up before `npm start` and `npm test` to install a system package (redis-server).',
  },
  queueLimit: {
    kind: 'integer',
    name: 'HOLDFAST_QUEUE_LIMIT',
    fallback: 10_000,
    min: 1,
    max: 1_000_000,
    meaning:
      'Commands that may wait before the next is answered 503 overloaded; a basket of more than four items counts as one for every four.',
  },
  batchLimit: {
    kind: 'integer',
    name: 'HOLDFAST_BATCH_LIMIT',
    fallback: 500,
    min: 1,
    max: 2_000,
    meaning: 'Commands that may share one commit; a basket of more than four items counts as one for every four.',
  },
  poolSize: {
    kind: 'integer',
    name: 'HOLDFAST_POOL_SIZE',
    fallback: 4,
    min: 1,
    max: 64,
    meaning: 'PostgreSQL connections for reads, per process.',
  },
  requestTimeoutMs: {
    kind: 'integer',
    name: 'HOLDFAST_REQUEST_TIMEOUT_MS',
    fallback: 10_000,
    min: 100,
    max: 3_600_000,
    meaning: 'A whole request must have arrived within this time.',
  },
  headersTimeoutMs: {
    kind: 'integer',
    name: 'HOLDFAST_HEADERS_TIMEOUT_MS',
    fallback: 5_000,
    min: 100,
    max: 3_600_000,
    meaning: 'The headers of a request must have arrived within this time; not longer than the request timeout.',
  },
  maxConnections: {
    kind: 'integer',
    name: 'HOLDFAST_MAX_CONNECTIONS',
    fallback: 10_000,
    min: 1,
    max: 1_000_000,
    meaning: 'Connections of callers, per process; those beyond are closed at once. The limit of open files must be higher.',
  },
  keepAliveTimeoutMs: {
    kind: 'integer',
    name: 'HOLDFAST_KEEP_ALIVE_TIMEOUT_MS',
    fallback: 65_000,
    min: 0,
    max: 3_600_000,
    meaning: 'How long an idle connection is kept. Keep it above the idle timeout of a load balancer in front.',
  },
  corsOrigins: {
    kind: 'text',
    name: 'HOLDFAST_CORS_ORIGINS',
    fallback: null,
    pattern: eachOf(isOrigin),
    form: 'a list of origins with commas between, each as a browser writes it, such as https://shop.example or http://localhost:3000; * is none',
    meaning: 'The origins whose pages may call `/v1` from a browser, with commas between. Without it: none but its own.',
  },
  trustedProxies: {
    kind: 'text',
    name: 'HOLDFAST_TRUSTED_PROXIES',
    fallback: null,
    pattern: eachOf(isNetwork),
    form: 'a list of IP addresses and CIDRs with commas between, such as 10.0.0.7 or 10.1.0.0/16',
    meaning:
      'The proxies in front whose `X-Forwarded-For` is believed, as IP addresses and CIDRs with commas between. Without it: none, and a caller is where its connection comes from.',
  },
  drainTimeoutMs: {
    kind: 'integer',
    name: 'HOLDFAST_DRAIN_TIMEOUT_MS',
    fallback: 8_000,
    min: 0,
    max: 9_000,
    meaning: 'How long a stop waits for requests in flight. The whole stop takes at most 10 s.',
  },
  databaseTimeoutMs: {
    kind: 'integer',
    name: 'HOLDFAST_DATABASE_TIMEOUT_MS',
    fallback: 5_000,
    min: 100,
    max: 60_000,
    meaning: 'How long a command waits for PostgreSQL before it is answered 503 database-unavailable.',
  },
  sweepIntervalMs: {
    kind: 'integer',
    name: 'HOLDFAST_SWEEP_INTERVAL_MS',
    fallback: 500,
    min: 50,
    max: 60_000,
    meaning: 'How often PostgreSQL is asked for what is due, whatever Redis does.',
  },
  retentionDays: {
    kind: 'integer',
    name: 'HOLDFAST_RETENTION_DAYS',
    fallback: 30,
    min: 0,
    max: 36_500,
    meaning:
      'How many days after its last change a finished transaction keeps its items, branches and history; 0 keeps all. Its id, content hash, state and reason stay for ever.',
  },
  adminKeyFile: {
    kind: 'text',
    name: 'HOLDFAST_ADMIN_KEY_FILE',
    fallback: null,
    pattern: /^[^\0]{1,4096}$/,
    form: 'the path of a file',
    meaning:
      'A file that holds the first key (`holdfast keys generate` makes one): at the start it becomes a key with the scope admin.',
  },
  metricsKeyFile: {
    kind: 'text',
    name: 'HOLDFAST_METRICS_KEY_FILE',
    fallback: null,
    pattern: /^[^\0]{1,4096}$/,
    form: 'the path of a file',
    meaning: 'The same, with the scope operations:read: for Prometheus, which is given the same file.',
  },
  jwtIssuer: {
    kind: 'text',
    name: 'HOLDFAST_JWT_ISSUER',
    fallback: null,
    pattern: /^[\x21-\x7e]{1,500}$/,
    form: 'the `iss` of the tokens',
    meaning: 'Whose JWTs are taken, beside keys: their `iss`, exactly. With the audience and the JWKS, or not at all.',
  },
  jwtAudience: {
    kind: 'text',
    name: 'HOLDFAST_JWT_AUDIENCE',
    fallback: null,
    pattern: /^[\x21-\x7e]{1,500}$/,
    form: 'an `aud` of the tokens',
    meaning: 'Which of their JWTs: those whose `aud` names this.',
  },
  jwtJwks: {
    kind: 'text',
    name: 'HOLDFAST_JWT_JWKS',
    fallback: null,
    pattern: /^[^\0]{1,4096}$/,
    form: 'a URL of http or https, or the path of a file',
    meaning:
      'Where the issuer’s public keys are (JWKS): a URL, asked again every five minutes and for keys not met before; or a file, read again when it changes.',
  },
  jwtAlgorithms: {
    kind: 'text',
    name: 'HOLDFAST_JWT_ALGORITHMS',
    fallback: 'RS256,PS256,ES256,EdDSA',
    pattern:
      /^(?:RS256|RS384|RS512|PS256|PS384|PS512|ES256|ES384|ES512|EdDSA|Ed25519)(?:,(?:RS256|RS384|RS512|PS256|PS384|PS512|ES256|ES384|ES512|EdDSA|Ed25519))*$/,
    form: 'names of asymmetric JWS algorithms with commas between them, such as RS256,ES256',
    meaning: 'What the tokens may be signed with.',
  },
  key: {
    kind: 'text',
    name: 'HOLDFAST_KEY',
    fallback: null,
    pattern: /^[A-Za-z0-9._~+/=-]{1,8192}$/,
    form: 'a key or a token',
    secret: true,
    meaning:
      'What the commands `holdfast import`, `stock` and `inspect` show the coordinator; the coordinator itself does not use it.',
  },
  addressRequestsPerS: {
    kind: 'integer',
    name: 'HOLDFAST_ADDRESS_REQUESTS_PER_S',
    fallback: 0,
    min: 0,
    max: 1_000_000,
    meaning:
      'How many requests one address may make in a second (of IPv6: one /64), the probes excepted; the operations of a batch count each. More are answered 429. 0: any number.',
  },
  keyRequestsPerS: {
    kind: 'integer',
    name: 'HOLDFAST_KEY_REQUESTS_PER_S',
    fallback: 0,
    min: 0,
    max: 1_000_000,
    meaning: 'How many requests one key or token may make in a second, over its rotations; counted alike. 0: any number.',
  },
  keyHoldLimit: {
    kind: 'integer',
    name: 'HOLDFAST_KEY_HOLD_LIMIT',
    fallback: 0,
    min: 0,
    max: 1_000_000,
    meaning:
      'How many units one key or token may hold reserved at a time, of all SKUs together and over its rotations; a Try beyond is answered 429. 0: any number.',
  },
  keyHoldLimitPerSku: {
    kind: 'integer',
    name: 'HOLDFAST_KEY_HOLD_LIMIT_PER_SKU',
    fallback: 0,
    min: 0,
    max: 1_000_000,
    meaning: 'The same, of one SKU in all warehouses. 0: any number.',
  },
  participantAllow: {
    kind: 'text',
    name: 'HOLDFAST_PARTICIPANT_ALLOW',
    fallback: null,
    // What an entry may be, addresses.ts says.
    pattern: /^[^\0\r\n]{1,8192}$/,
    form: 'a list of host names, addresses and CIDRs, separated by commas',
    meaning:
      'What participants may stand at though it is private, loopback, link-local or otherwise not public: host names (`pay.internal`, `*.svc.cluster.local`), addresses and CIDRs, separated by commas. Without it: nothing of that; where HOST is on the loopback and PostgreSQL is embedded, the loopback.',
  },
  coordinatorUrl: {
    kind: 'text',
    name: 'HOLDFAST_URL',
    fallback: 'http://127.0.0.1:8080',
    pattern: /^https?:\/\/[^\s@]+$/,
    form: 'a URL that begins with http:// or https:// and holds no user or password',
    secret: true,
    meaning:
      'Where the commands `holdfast import`, `stock` and `inspect` find the coordinator; the coordinator itself does not use it.',
  },
} as const satisfies Record<string, Setting>;
