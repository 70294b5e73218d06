// Owns the course of a run: start everything, load it, break it by the plan, heal it, wait, read everything, check and report.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { check } from './checks/check.ts';
import { startCluster } from './cluster/cluster.ts';
import type { Cluster } from './cluster/ports.ts';
import { collectDatabase } from './evidence/collect.ts';
import { DATABASE_FILE, HISTORY_FILE, readEvidence, type Writer, writerTo } from './evidence/evidence.ts';
import { countOpen } from './evidence/open.ts';
import { startSampler } from './evidence/sampler.ts';
import { carryOut } from './faults/carry-out.ts';
import type { FaultKind } from './faults/fault.ts';
import { FAULT_KINDS, planOf } from './faults/plan.ts';
import { measureThroughput, RECOVER_BOUND_MS, waitUntilSettled, watchRecovery } from './liveness.ts';
import { createLoad } from './load/load.ts';
import type { Load } from './load/ports.ts';
import { assertLocal } from './local.ts';
import { MOST_INSTANCES, type RunOptions } from './options.ts';
import { chanceOf } from './random.ts';
import type { Finding, HistoryRecord, PeriodRecord, RunRecord } from './record.ts';
import { REPORT_FILES, writeReports } from './report/report.ts';
import { type Report, summarize } from './report/summary.ts';
import { makeBrokenCopy } from './sabotage/broken-copy.ts';
import { SABOTAGES } from './sabotage/catalogue.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const PARTICIPANTS = ['payment', 'coupon', 'points'] as const;
/** The small file system holds half an hour of load (cluster/small-disk.ts). */
const LONGEST_ON_SMALL_DISK_MS = 30 * 60_000;
const TOO_LONG_FOR_DISK = 'what a run of more than 30 minutes stores does not fit the small file system';
/** So few that a flood fills it, as ten times the capacity would fill the usual one. */
const QUEUE_LIMIT = 40;
const RETRY_MAX_MS = 2_000;
const ACTORS = 36;
const WARM_UP_MS = 2_000;
const BEFORE_MS = 5_000;
const TAKE_EVERY_MS = 200;
/**
 * After healing: the longest deadline of a story (10 s), a release by the sweep (5 s), the take-over from a dead coordinator (10 s)
 * and a last retry (2.5 s), one after the other.
 */
const SETTLE_BOUND_MS = 30_000;

const OWN_FILES = [HISTORY_FILE, DATABASE_FILE, ...REPORT_FILES];
const logFilesOf = (instances: number): readonly string[] =>
  Array.from({ length: instances }, (_, index) => `coordinator-${index}.log`);

export interface Run {
  readonly folder: string;
  readonly findings: readonly Finding[];
  readonly report: Report;
}

/**
 * Makes a run and judges it.
 * @param say hears what is going on, in a few words
 * @param stop ends it early: what was started is ended, and it throws
 * @throws Error where the run could not be made, which says nothing about the system
 */
export async function conduct(
  options: RunOptions,
  folder: string,
  say: (words: string) => void,
  stop: AbortSignal,
): Promise<Run> {
  await mkdir(folder, { recursive: true });
  // A folder that is used again holds one run, and nothing of the one before.
  for (const name of [...OWN_FILES, ...logFilesOf(MOST_INSTANCES)]) await rm(join(folder, name), { force: true });
  const history = writerTo<HistoryRecord>(join(folder, HISTORY_FILE));
  const copy = join(folder, 'broken-copy');
  try {
    const tree = options.sabotage === null ? ROOT : await makeBrokenCopy(options.sabotage, copy);
    const wanted = new Set(options.faults.map(({ name }) => name));
    say('starting PostgreSQL, Redis, the participants and the coordinators');
    const cluster = await startCluster({
      instances: options.instances,
      participants: PARTICIPANTS,
      withClocks: wanted.has('coordinator-clock'),
      withSmallDisk: wanted.has('postgres-disk') && options.durationMs <= LONGEST_ON_SMALL_DISK_MS,
      tree,
      environment: { HOLDFAST_QUEUE_LIMIT: String(QUEUE_LIMIT) },
    });
    try {
      await perform(options, cluster, history, folder, say, stop);
    } finally {
      await cluster.stop();
    }
  } finally {
    await history.close();
    await rm(copy, { recursive: true, force: true });
  }
  if (stop.aborted) throw new Error('the run was interrupted');
  say('checking');
  return judge(folder);
}

/** Checks and reports what stands in the folder of a run. */
export async function judge(folder: string): Promise<Run> {
  const evidence = await readEvidence(folder);
  const findings = check(evidence);
  const report = summarize(evidence, findings);
  await writeReports(folder, report);
  return { folder, findings, report };
}

async function perform(
  options: RunOptions,
  cluster: Cluster,
  history: Writer<HistoryRecord>,
  folder: string,
  say: (words: string) => void,
  stop: AbortSignal,
): Promise<void> {
  for (const url of [cluster.postgres.url, ...cluster.coordinators.map((each) => each.url)]) assertLocal(url);
  const chance = chanceOf(options.seed);
  const { kinds, leftOut } = whatCanBeDone(options, cluster);
  const layout = { instances: options.instances, participants: PARTICIPANTS };
  const plan = planOf(chance.of('plan'), { durationMs: options.durationMs, kinds, ...layout });
  if (plan.every(({ faults }) => faults.length === 0))
    throw new Error(
      `nothing would be broken: ${options.durationMs} ms are too short for ${kinds.map(({ name }) => name).join(', ')}`,
    );
  history.write(recordOf(options, kinds, leftOut));
  const load = createLoad({
    seed: options.seed,
    urls: cluster.coordinators.map(({ url }) => url),
    participants: PARTICIPANTS,
    actors: ACTORS,
    record: (operation) => history.write(operation),
  });
  const writePeriod = periodWriter(history);
  const sampler = startSampler(
    cluster.postgres.url,
    (sample) => history.write(sample),
    () => cluster.coordinators.map((each) => each.memory()),
  );
  const take = (): void => {
    cluster.takeCalls().forEach(history.write);
    cluster.takeExits().forEach(history.write);
  };
  const taking = setInterval(take, TAKE_EVERY_MS);
  try {
    await load.stock();
    await cluster.redis.takeSnapshot();
    load.start();
    await writePeriod('warm-up', () => delay(WARM_UP_MS));
    const before = await writePeriod('before', () => measureThroughput(load, BEFORE_MS, stop));
    if (before === 0) throw new Error('nothing was answered before the first fault');
    say(`${Math.round(before)} operations/s without faults; now ${plan.flatMap(({ faults }) => faults).length} faults`);
    await carryOut(plan, { cluster, load, write: history.write, stop });
    say('healed; waiting until everything has settled');
    await settle({ cluster, load, history, before, writePeriod, stop });
  } finally {
    await load.stop();
    await sampler.stop();
    // What a participant is asked is answered after all that it had to tell.
    if (!stop.aborted) await Promise.all(cluster.participants.map((participant) => participant.behave('ok')));
    clearInterval(taking);
    take();
    await keepLogs(cluster, folder);
  }
  if (stop.aborted) return;
  await collectDatabase(cluster.postgres.url, join(folder, DATABASE_FILE));
  await Promise.all(cluster.coordinators.map((coordinator) => coordinator.terminate()));
  take();
  await keepLogs(cluster, folder);
}

async function keepLogs(cluster: Cluster, folder: string): Promise<void> {
  const [...names] = logFilesOf(cluster.coordinators.length);
  await Promise.all(
    cluster.coordinators.map((coordinator, index) => writeFile(join(folder, names[index] ?? ''), coordinator.output())),
  );
}

interface Aftermath {
  readonly cluster: Cluster;
  readonly load: Load;
  readonly history: Writer<HistoryRecord>;
  /** Answered operations a second without faults. */
  readonly before: number;
  readonly writePeriod: ReturnType<typeof periodWriter>;
  readonly stop: AbortSignal;
}

async function settle({ cluster, load, history, before, writePeriod, stop }: Aftermath): Promise<void> {
  const healedMs = Date.now();
  const recovery = await writePeriod('after', () => watchRecovery(load, before, stop));
  await load.pause();
  const settling = await writePeriod('drain', () =>
    waitUntilSettled(() => countOpen(cluster.postgres.url), SETTLE_BOUND_MS, stop),
  );
  history.write({
    type: 'liveness',
    healedMs,
    settledMs: settling.settledMs,
    settleBoundMs: SETTLE_BOUND_MS,
    stillOpen: settling.stillOpen,
    throughputBefore: before,
    throughputAfter: recovery.best,
    recoveredAfterMs: recovery.afterMs,
    recoverBoundMs: RECOVER_BOUND_MS,
  });
}

function whatCanBeDone(options: RunOptions, cluster: Cluster): { kinds: readonly FaultKind[]; leftOut: RunRecord['leftOut'] } {
  const why = new Map<string, string>();
  if (!cluster.clocks.canBeSet) why.set('coordinator-clock', cluster.clocks.why);
  if (cluster.noDiskWhy !== null && options.durationMs > LONGEST_ON_SMALL_DISK_MS) why.set('postgres-disk', TOO_LONG_FOR_DISK);
  else if (cluster.noDiskWhy !== null) why.set('postgres-disk', cluster.noDiskWhy);
  const asked = faultsOf(options);
  const kinds = asked.filter(({ name }) => !why.has(name));
  const leftOut = asked.flatMap(({ name }) => {
    const reason = why.get(name);
    return reason === undefined ? [] : [{ kind: name, why: reason }];
  });
  if (kinds.length === 0) throw new Error(leftOut.map((each) => `${each.kind} cannot be done here: ${each.why}`).join('; '));
  return { kinds, leftOut };
}

/** A sabotage shows under certain faults; they strike unless others were asked for. */
function faultsOf({ faults, sabotage }: RunOptions): readonly FaultKind[] {
  if (sabotage === null || faults !== FAULT_KINDS) return faults;
  const telling = new Set<string>(SABOTAGES[sabotage].faults);
  return faults.filter(({ name }) => telling.has(name));
}

function recordOf(options: RunOptions, kinds: readonly FaultKind[], leftOut: RunRecord['leftOut']): RunRecord {
  return {
    type: 'run',
    seed: options.seed,
    startedMs: Date.now(),
    durationMs: options.durationMs,
    instances: options.instances,
    faults: kinds.map(({ name }) => name),
    leftOut,
    sabotage: options.sabotage,
    participants: PARTICIPANTS,
    retryMaxMs: RETRY_MAX_MS,
  };
}

function periodWriter(history: Writer<HistoryRecord>) {
  return async <T>(name: PeriodRecord['name'], work: () => Promise<T>): Promise<T> => {
    const fromMs = Date.now();
    const result = await work();
    history.write({ type: 'period', name, faults: [], fromMs, toMs: Date.now() });
    return result;
  };
}
