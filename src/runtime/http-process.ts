// Owns one HTTP process: it builds the lane, the ledger, the timers and the server, and takes them down in the order that
// loses nothing.
import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { AddressPolicy } from '../addresses.ts';
import type { Config } from '../config.ts';
import { Console } from '../console/console.ts';
import type { Route } from '../coordinator/batch.ts';
import { BATCHES_UNDER_WAY, Lane } from '../coordinator/lane.ts';
import { Lanes } from '../coordinator/lanes.ts';
import { LedgerFault } from '../coordinator/ledger.ts';
import { Watch } from '../coordinator/watch.ts';
import { createApp, type Readiness } from '../http/app.ts';
import { createHttpServer } from '../http/server.ts';
import { closeAllConnections, closeIdleConnections, renewTls, type Server } from '../http/tls.ts';
import { Chaining } from '../keeping/chaining.ts';
import { Reconciler } from '../keeping/reconciler.ts';
import { Retention } from '../keeping/retention.ts';
import { PostgresConsoleQueries } from '../ledger/console-queries.ts';
import { PostgresKeeping } from '../ledger/keeping.ts';
import { PostgresLedger } from '../ledger/ledger.ts';
import { Pool } from '../ledger/pool.ts';
import { PostgresQueries } from '../ledger/queries.ts';
import { PostgresStandings } from '../ledger/standing.ts';
import { listOf } from '../setting-forms.ts';
import type { SendFigures } from '../telemetry/otlp.ts';
import type { Tracing } from '../telemetry/tracing-ports.ts';
import { Sweep } from '../timers/sweep.ts';
import { WakeUps } from '../timers/wake-ups.ts';
import { startAccess } from './access.ts';
import { Branches } from './branches.ts';
import { openCertificates } from './certificates.ts';
import { fieldsOfCall, fieldsOfCommand } from './log-fields.ts';
import { Measuring, VERSION } from './measuring.ts';
import { throttled } from './throttled.ts';

/** How much later than its deadline a release may be rung for; with the sweep it stays well below 1 s (rule 5). */
const DEADLINE_BUCKET_MS = 200;
/** How much later than its time a retry may be rung for. */
const RETRY_BUCKET_MS = 50;
/** A transaction with branches passes through four batches, one after the other: what waits behind one adds up. */
const SECOND_BRANCH_BATCH_FROM = 40;
/** How soon a waiting caller hears what another process stored. */
const WATCH_INTERVAL_MS = 250;

/** What the lanes are called in figures. */
const LANE_NAMES: Readonly<Record<Route, string>> = { 'optimistic-first': 'demand', 'exact-only': 'branches' };

export interface HttpProcess {
  /** Where it listens, as a caller on this machine would write it. */
  readonly url: string;
  /** Whether callers need a key or a token. */
  readonly isGuarded: boolean;
  /** Stops accepting, finishes what is in flight, and lets go of everything. May be called again; it happens once. */
  drain(): Promise<void>;
}

/**
 * Starts serving. The schema must be up to date already.
 * @param slot which of the instance's processes this is, from 1; null where it is the only one
 * @param tracing null where it is off; ended with the process
 * @param sendFigures null where they are only shown
 * @throws where the port cannot be listened on
 */
export async function startHttpProcess(
  config: Config,
  databaseUrl: string,
  redisUrl: string | null,
  log: Logger,
  slot: number | null,
  tracing: Tracing | null = null,
  sendFigures: SendFigures | null = null,
): Promise<HttpProcess> {
  const certificates = openCertificates(config, log);
  const measuring = new Measuring(slot);
  const warn = throttled((details, message) => log.warn(details, message));
  const pools = openPools(config, databaseUrl, warn);
  const queries = new PostgresQueries(pools.reads);
  // The sweep and the probes have connections of their own: callers' long lists must not hold up releases.
  const inner = new PostgresQueries(pools.inner);
  const ledger = new PostgresLedger({ ...pools.options, size: 2 * BATCHES_UNDER_WAY, applicationName: 'holdfast lane' }, () => {
    return branches.leaseHolder;
  });
  const policy = new AddressPolicy(config.participantAllow);
  const branches = new Branches({
    leasePool: pools.lease,
    workPool: pools.work,
    submit: (command) => lanes.submit(command),
    guard: { policy },
    intervalMs: config.sweepIntervalMs,
    observer: measuring.calls,
    onFault: (err, call) => warn({ err, ...fieldsOfCall(call) }, 'work on branches failed; it is taken up again'),
    ...(tracing === null ? {} : { tracer: tracing.calls }),
  });
  const watch = new Watch({
    read: (ids) => inner.transactionsById(ids),
    intervalMs: WATCH_INTERVAL_MS,
    onFault: (err) => warn({ err }, 'a look for news failed; the next one goes on'),
  });
  const shell: Shell = { timers: () => timers, branches, watch, measuring, tracing };
  const lane = (route: Route): Lane => newLane(config, route, ledger, shell, log, warn);
  const [demandLane, branchLane] = [lane('optimistic-first'), lane('exact-only')];
  const lanes = new Lanes(demandLane, branchLane);
  const sweep = new Sweep({
    coordinator: lanes,
    due: (limit, after) => inner.dueTransactions(limit, after),
    intervalMs: config.sweepIntervalMs,
    onFault: (err, due) => {
      warn({ err, ...(due === null ? {} : { transactionId: due.id }) }, 'a sweep failed; the next one goes on');
    },
    ...(tracing === null ? {} : { tracer: tracing.releases }),
  });
  const timers = redisUrl === null ? null : startTimers(redisUrl, databaseUrl, sweep, branches, warn);

  const access = await startAccess({
    config,
    pool: pools.reads,
    inner: pools.inner,
    onFault: (err, what) =>
      warn(
        { err },
        what === 'keys' ? 'a look at the keys failed; they stay as they were' : 'the keys of the token issuer cannot be had',
      ),
  });
  const keepers = startKeeping(config, pools.keeping, measuring, log, warn, slot);
  const standings = new PostgresStandings(pools.inner);
  const ofLane = (name: string, { depth }: Lane) => ({ lane: name, depth, limit: config.queueLimit });
  measuring.watch(
    {
      lanes: () => [ofLane(LANE_NAMES['optimistic-first'], demandLane), ofLane(LANE_NAMES['exact-only'], branchLane)],
      pools: () => [ledger, pools.reads, pools.inner, pools.lease, pools.work, pools.keeping].map(({ use }) => use),
      participants: () => branches.figures(),
    },
    {
      standing: () => standings.standing(),
      servers: () => readinessOf(inner, timers),
      jobs: timers === null ? null : () => jobCountsOf(timers),
      onFault: (err) => warn({ err }, 'a look for figures failed; the next one goes on'),
    },
  );

  let draining = false;
  const parts = { access, coordinator: lanes, queries, watch, readiness: () => readinessOf(inner, timers) };
  const operators = new Console({
    ...parts,
    details: new PostgresConsoleQueries(pools.reads),
    figures: () => measuring.figures(),
    version: VERSION,
    now: () => Date.now(),
    onFault: (err) => warn({ err }, 'a reading of the figures failed; the next one goes on'),
  });
  const app = createApp({
    ...parts,
    observer: measuring.http,
    metrics: () => measuring.metrics(),
    hottest: (limit) => measuring.hottest(limit),
    log,
    isDraining: () => draining,
    corsOrigins: listOf(config.corsOrigins),
    trustedProxies: listOf(config.trustedProxies),
    addressRefusedIn: (url) => policy.addressRefusedIn(url),
    extend: (routes) => operators.addTo(routes),
  });
  const tls = certificates?.files ?? null;
  const server = createHttpServer(app, { ...config, tls, ...(tracing === null ? {} : { tracer: tracing.http }) });
  await branches.start();
  const endSending = await sendFigures?.(() => measuring.own());
  const url = await listen(server, config.host, config.port, tls === null ? 'http' : 'https');
  certificates?.watch((files) => renewTls(server, files));
  sweep.start();

  const takeDown = async (): Promise<void> => {
    draining = true;
    certificates?.stop();
    measuring.stop();
    watch.close();
    operators.close();
    // Side by side: a stuck client, a stuck participant and a hung Redis must not add up.
    const stopping = [
      sweep.stop(),
      timers?.deadlines.stop(),
      timers?.retries.stop(),
      branches.stop(config.drainTimeoutMs),
      access.stop(),
      ...keepers.map((one) => one.stop()),
    ];
    await Promise.all([closeServer(server, config.drainTimeoutMs), ...stopping]);
    await lanes.close();
    await branches.end();
    const ending = [ledger, pools.reads, pools.inner, pools.lease, pools.work, pools.keeping].map((one) => one.end());
    // Last of all: what was just finished is told of, too.
    await Promise.allSettled([...ending, tracing?.stop(), endSending?.()]);
  };
  let drained: Promise<void> | null = null;
  return {
    url,
    isGuarded: access.gate.isOn,
    drain: () => {
      drained ??= takeDown();
      return drained;
    },
  };
}

type Warn = (details: object, message: string) => void;

function openPools(config: Config, databaseUrl: string, warn: Warn) {
  const options = {
    databaseUrl,
    timeoutMs: config.databaseTimeoutMs,
    onFault: (err: unknown) => warn({ err }, 'a database connection broke'),
  };
  return {
    options,
    reads: new Pool({ ...options, size: config.poolSize, applicationName: 'holdfast reads' }),
    // One for the sweep, one for waiting callers' news and for probes.
    inner: new Pool({ ...options, size: 2, applicationName: 'holdfast sweep' }),
    // Behind slow looks of those, the lease would run out while all is well.
    lease: new Pool({ ...options, size: 1, applicationName: 'holdfast lease' }),
    work: new Pool({ ...options, size: 2, applicationName: 'holdfast branches' }),
    // One for each of the three that work in the background: they hold theirs for as long as they are at it.
    keeping: new Pool({ ...options, size: 3, applicationName: 'holdfast keeping' }),
  };
}

/** In one process of an instance; of several instances, one at a time is at it. */
function startKeeping(config: Config, pool: Pool, measuring: Measuring, log: Logger, warn: Warn, slot: number | null) {
  if (slot !== null && slot !== 1) return [];
  const keeping = new PostgresKeeping(pool);
  const observer = measuring.keeping();
  const reconciler = new Reconciler({
    keeping,
    observer,
    onDrift: (drift) => log.error({ drift }, 'a counter differs from its rows (I3)'),
    onTooMany: (counter) => warn({ counter }, 'the rows of a counter are too many to be added up within the database timeout'),
    onFault: (err) => warn({ err }, 'a pass over the counters failed; the next one begins anew'),
  });
  const onFault = (err: unknown): void => warn({ err }, 'the removal of old transactions failed; the next round goes on');
  const retention = config.retentionDays === 0 ? [] : [new Retention({ keeping, days: config.retentionDays, observer, onFault })];
  const chaining = new Chaining({
    keeping,
    onFault: (err) => warn({ err }, 'the chaining of the audit failed; the next round goes on'),
  });
  const keepers = [reconciler, chaining, ...retention];
  for (const keeper of keepers) keeper.start();
  return keepers;
}

async function jobCountsOf(timers: Timers) {
  return Promise.all((['deadlines', 'retries'] as const).map(async (queue) => ({ queue, counts: await timers[queue].counts() })));
}

interface Timers {
  readonly deadlines: WakeUps;
  readonly retries: WakeUps;
}

function startTimers(redisUrl: string, databaseUrl: string, sweep: Sweep, branches: Branches, warn: Warn): Timers {
  const onFault = (err: unknown): void =>
    warn({ err }, 'Redis does not answer; deadlines and retries are kept by the sweep alone');
  const common = { redisUrl, prefix: prefixOf(databaseUrl), onFault };
  return {
    deadlines: new WakeUps({ ...common, queue: 'deadlines', bucketMs: DEADLINE_BUCKET_MS, onDue: () => sweep.wake() }),
    retries: new WakeUps({ ...common, queue: 'retries', bucketMs: RETRY_BUCKET_MS, onDue: () => branches.wake() }),
  };
}

/** What is done about what a lane stored. */
interface Shell {
  readonly timers: () => Timers | null;
  readonly branches: Branches;
  readonly watch: Watch;
  readonly measuring: Measuring;
  readonly tracing: Tracing | null;
}

function newLane(
  config: Config,
  route: Route,
  ledger: PostgresLedger,
  { timers, branches, watch, measuring, tracing }: Shell,
  log: Logger,
  warn: Warn,
): Lane {
  return new Lane(ledger, {
    route,
    ...(route === 'exact-only' ? { secondBatchFrom: SECOND_BRANCH_BATCH_FROM } : {}),
    queueLimit: config.queueLimit,
    batchLimit: config.batchLimit,
    patienceMs: config.databaseTimeoutMs,
    observer: measuring.lane(LANE_NAMES[route]),
    onEffects: (effects, now) => {
      timers()?.deadlines.arm(effects.deadlines, now);
      timers()?.retries.arm(effects.retries, now);
      branches.carryOut(effects);
      watch.tell(effects.moved);
    },
    ...(tracing === null ? {} : { tracer: tracing.lane(route === 'exact-only' ? 'branches' : 'demand') }),
    onFault: (err, commands, first) => {
      const fields = { err, commands, ...fieldsOfCommand(first) };
      // Whether that commit happened is unknown, and so is whether it granted us anything.
      branches.doubt();
      if (err instanceof LedgerFault && err.kind !== 'unexpected') warn(fields, 'a batch is settled again');
      else log.error(fields, 'a batch failed unforeseen');
    },
  });
}

async function readinessOf(inner: PostgresQueries, timers: Timers | null): Promise<Readiness> {
  const [postgres, redis] = await Promise.all([
    answersWithin(PROBE_MS, inner.ping()),
    timers === null ? ('off' as const) : answersWithin(PROBE_MS, timers.deadlines.ping()),
  ]);
  return { postgres, redis };
}

/** Whoever probes wants to know within its own second or so, also where a server hangs. */
const PROBE_MS = 1000;

function answersWithin(ms: number, question: Promise<unknown>): Promise<'up' | 'down'> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve('down'), ms);
    const answered = (answer: 'up' | 'down'): void => {
      clearTimeout(late);
      resolve(answer);
    };
    question.then(
      () => answered('up'),
      () => answered('down'),
    );
  });
}

function listen(server: Server, host: string, port: number, scheme: 'http' | 'https'): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', reject);
      // A TCP server's address is never a string (a pipe's name) nor null while it listens.
      const { address, family, port: taken } = server.address() as AddressInfo;
      const reachable = address === '0.0.0.0' || address === '::' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
      resolve(`${scheme}://${reachable}:${taken}`);
    });
  });
}

/** Idle connections go at once, busy ones with their answer, stuck ones when the time is up. */
function closeServer(server: Server, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => closeAllConnections(server), withinMs);
    const nudge = setInterval(() => closeIdleConnections(server), 100);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(nudge);
      resolve();
    });
    closeIdleConnections(server);
  });
}

/** Deployments that share a Redis server must not wake each other's sweeps: the database tells them apart. */
function prefixOf(databaseUrl: string): string {
  const { host, pathname, search } = new URL(databaseUrl);
  return `holdfast-${createHash('sha256').update(`${host}${pathname}${search}`).digest('hex').slice(0, 12)}`;
}
