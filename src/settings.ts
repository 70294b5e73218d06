// Owns the table of settings: the name, default, bounds and meaning of each. The README's table and `holdfast serve --help`
// are made from it; config.ts reads the environment by it.

interface TextSetting {
  readonly kind: 'text';
  readonly name: string;
  /** Null: not set, and the meaning says what happens then. */
  readonly fallback: string | null;
  readonly pattern: RegExp;
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
    pattern: /^[^\0]{1,4096}$/,
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
  keepAliveTimeoutMs: {
    kind: 'integer',
    name: 'HOLDFAST_KEEP_ALIVE_TIMEOUT_MS',
    fallback: 65_000,
    min: 0,
    max: 3_600_000,
    meaning: 'How long an idle connection is kept. Keep it above the idle timeout of a load balancer in front.',
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
