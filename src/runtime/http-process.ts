// Owns one HTTP process: it builds the lane, the ledger, the timers and the server, and takes them down in the order that
// loses nothing.
import type { Logger } from 'pino';
import { AddressPolicy } from '../addresses.ts';
import type { Config } from '../config.ts';
import { Console } from '../console/console.ts';
import type { Route } from '../coordinator/batch.ts';
import { BATCHES_UNDER_WAY, type Lane } from '../coordinator/lane.ts';
import { Lanes } from '../coordinator/lanes.ts';
import { Watch } from '../coordinator/watch.ts';
import { createApp } from '../http/app.ts';
import { createHttpServer } from '../http/server.ts';
import { renewTls } from '../http/tls.ts';
import { PostgresConsoleQueries } from '../ledger/console-queries.ts';
import { PostgresLedger } from '../ledger/ledger.ts';
import { PostgresQueries } from '../ledger/queries.ts';
import { PostgresStandings } from '../ledger/standing.ts';
import { listOf } from '../setting-forms.ts';
import type { SendFigures } from '../telemetry/otlp.ts';
import type { Tracing } from '../telemetry/tracing-ports.ts';
import { Sweep } from '../timers/sweep.ts';
import { startAccess } from './access.ts';
import { Branches } from './branches.ts';
import { openCertificates } from './certificates.ts';
import { startKeeping } from './keepers.ts';
import { LANE_NAMES, newLane, type Shell } from './lane.ts';
import { countsHolders, limitHolding, startLimits } from './limits.ts';
import { closeServer, listen } from './listening.ts';
import { fieldsOfCall } from './log-fields.ts';
import { Measuring, VERSION } from './measuring.ts';
import { endPools, openPools, poolsOf } from './pools.ts';
import { readinessOf } from './readiness.ts';
import { throttled } from './throttled.ts';
import { jobCountsOf, startTimers } from './timers.ts';

/** How soon a waiting caller hears what another process stored. */
const WATCH_INTERVAL_MS = 250;

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
  const access = await startAccess({
    config,
    pool: pools.reads,
    inner: pools.inner,
    onFault: (err, what) =>
      warn(
        { err },
        what === 'keys' ? 'a look at the keys failed; they stay as they were' : 'the keys of the token issuer cannot be had',
      ),
  }).catch(async (error: unknown) => {
    await endPools(pools);
    throw error;
  });
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

  const keepers = startKeeping(config, pools.keeping, measuring, log, warn, slot);
  const standings = new PostgresStandings(pools.inner);
  const ofLane = (name: string, { depth }: Lane) => ({ lane: name, depth, limit: config.queueLimit });
  measuring.watch(
    {
      lanes: () => [ofLane(LANE_NAMES['optimistic-first'], demandLane), ofLane(LANE_NAMES['exact-only'], branchLane)],
      pools: () => [ledger, ...poolsOf(pools)].map(({ use }) => use),
      participants: () => branches.figures(),
    },
    {
      standing: () => standings.standing(),
      servers: () => readinessOf(inner, timers),
      jobs: timers === null ? null : () => jobCountsOf(timers),
      onFault: (err) => warn({ err }, 'a look for figures failed; the next one goes on'),
    },
  );

  const limits = startLimits(
    config,
    databaseUrl,
    redisUrl,
    (err) => warn({ err }, 'rates are not shared; each process counts alone'),
    measuring.limits.refused,
  );
  let draining = false;
  const coordinator = limitHolding(config, pools.reads, lanes, measuring.limits.refused);
  const parts = { access, coordinator, queries, watch, readiness: () => readinessOf(inner, timers) };
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
    limits,
    countsHolders: countsHolders(config),
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
      limits.stop(),
      ...keepers.map((one) => one.stop()),
    ];
    await Promise.all([closeServer(server, config.drainTimeoutMs), ...stopping]);
    await lanes.close();
    await branches.end();
    const ending = [ledger.end(), endPools(pools)];
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
