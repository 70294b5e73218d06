// Owns the cluster of a run: coordinators, PostgreSQL, Redis and participants as processes of their own, the links between
// them, and the end of it all.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { atTheEnd } from '../../test/support/end.ts';
import { makeFolder } from '../../test/support/folder.ts';
import type { CallRecord, ExitRecord } from '../record.ts';
import { whichCalls } from './caller.ts';
import { type CoordinatorParts, prepareCoordinator } from './coordinator.ts';
import { findFaketime } from './faketime.ts';
import { type Participant, startParticipantProcess } from './participant.ts';
import type { Cluster, ClusterOptions, Link } from './ports.ts';
import { startPostgresForChaos } from './postgres.ts';
import { type SharedProxy, startSharedProxy } from './proxy.ts';
import { startRedisForChaos } from './redis.ts';
import { makeSmallDisk } from './small-disk.ts';
import { makeUnderWay } from './under-way.ts';

const READY_LIMIT_MS = 60_000;
const POLL_MS = 50;

type Undo = () => Promise<unknown>;

/**
 * Starts everything, and registers the participants with the coordinators.
 * @throws where a part does not start; nothing is left behind then
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const undoes: Undo[] = [];
  const underWay = makeUnderWay();
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopping ??= undoAll(undoes, underWay.close());
    return stopping;
  };
  // Whoever starts it stops it; but where a fault that nobody caught ends the harness, this is all that is left.
  atTheEnd(stop);
  try {
    return await build(options, undoes, underWay, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(
  options: ClusterOptions,
  undoes: Undo[],
  underWay: ReturnType<typeof makeUnderWay>,
  stop: () => Promise<void>,
): Promise<Cluster> {
  const folder = await makeFolder();
  undoes.push(() => rm(folder, { recursive: true, force: true }));
  const disk = options.withSmallDisk ? await makeSmallDisk(join(folder, 'disk')) : 'no small file system was asked for';
  if (typeof disk !== 'string') undoes.push(disk.remove);
  const postgres = await startPostgresForChaos(folder, typeof disk === 'string' ? null : disk, underWay);
  undoes.push(postgres.stop);
  const redis = await startRedisForChaos(folder, underWay);
  undoes.push(redis.stop);
  const faketime = options.withClocks ? findFaketime() : null;
  const exits: ExitRecord[] = [];
  const onExit = (exit: ExitRecord): void => void exits.push(exit);
  const coordinators: CoordinatorParts[] = [];
  for (let index = 0; index < options.instances; index += 1) {
    const { tree, environment } = options;
    const place = { index, tree, environment, folder, postgres, redisUrl: redis.url, faketime, underWay, onExit };
    const coordinator = await prepareCoordinator(place);
    undoes.push(coordinator.stop);
    coordinators.push(coordinator);
  }
  await startAll(coordinators);
  const calls: CallRecord[] = [];
  const participants: Participant[] = [];
  const proxies = new Map<string, SharedProxy>();
  for (const name of options.participants) {
    const participant = await startParticipantProcess(name, postgres.port.url, (call) => calls.push(call));
    undoes.push(participant.stop);
    participants.push(participant);
    const proxy = await proxyOf(participant, coordinators);
    undoes.push(proxy.close);
    proxies.set(name, proxy);
    await register(coordinators, name, proxy.port);
  }
  return {
    coordinators: coordinators.map((coordinator, index) => coordinator.port(linksOf(proxies, index))),
    postgres: postgres.port,
    redis: redis.port,
    participants,
    clocks: faketime === null ? { canBeSet: false, why: whyNoClocks(options) } : { canBeSet: true },
    noDiskWhy: typeof disk === 'string' ? disk : null,
    takeCalls: () => calls.splice(0),
    takeExits: () => exits.splice(0),
    stop,
  };
}

/** The first makes the schema; the others start side by side. */
async function startAll(coordinators: readonly CoordinatorParts[]): Promise<void> {
  const [first, ...others] = coordinators;
  if (first === undefined) throw new Error('a cluster needs a coordinator');
  await first.process.start();
  await Promise.all(others.map(({ process }) => process.start()));
  await Promise.all(coordinators.map(untilReady));
}

async function untilReady({ name, process }: CoordinatorParts): Promise<void> {
  const deadline = performance.now() + READY_LIMIT_MS;
  while (performance.now() < deadline) {
    const ready = await fetch(`http://127.0.0.1:${process.port}/readyz`).catch(() => null);
    await ready?.body?.cancel();
    if (ready?.status === 200) return;
    await delay(POLL_MS);
  }
  throw new Error(`${name} did not get ready within a minute. It printed:\n${process.output()}`);
}

/** All coordinators know a participant by one URL; so its links share a port. */
function proxyOf(participant: Participant, coordinators: readonly CoordinatorParts[]): Promise<SharedProxy> {
  const upstream = { port: participant.port };
  if (process.platform !== 'linux')
    return startSharedProxy([`coordinators → ${participant.name}`], upstream, () => Promise.resolve(0));
  const names = coordinators.map(({ name }) => `${name} → ${participant.name}`);
  return startSharedProxy(names, upstream, (caller) =>
    whichCalls(caller, () => coordinators.map(({ process }) => process.pid())),
  );
}

function linksOf(proxies: ReadonlyMap<string, SharedProxy>, index: number): ReadonlyMap<string, Link> {
  const links = new Map<string, Link>();
  for (const [name, proxy] of proxies) {
    const link = proxy.links[index] ?? proxy.links[0];
    if (link !== undefined) links.set(name, link);
  }
  return links;
}

async function register(coordinators: readonly CoordinatorParts[], name: string, port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${coordinators[0]?.process.port}/v1/participants/${name}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      url: `http://127.0.0.1:${port}`,
      timeoutMs: 1_500,
      maxConcurrency: 32,
      retry: { initialMs: 200, maxMs: 2_000, attentionAfter: 5 },
    }),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`The participant ${name} could not be registered (${response.status}): ${answer}`);
}

function whyNoClocks({ withClocks }: ClusterOptions): string {
  if (!withClocks) return 'no wrong clocks were asked for';
  if (process.platform !== 'linux') return 'clocks are set wrong by libfaketime on Linux alone';
  return 'libfaketime is not installed';
}

/**
 * Newest first, so that coordinators go before their servers. What is under way may wait for a server that is gone by now; so
 * everything is ended once more after it.
 */
async function undoAll(undoes: readonly Undo[], nothingUnderWay: Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  const undoOnce = async (): Promise<void> => {
    failures.length = 0;
    for (const undo of [...undoes].reverse()) await undo().catch((error: unknown) => failures.push(error));
  };
  await undoOnce();
  await nothingUnderWay;
  await undoOnce();
  if (failures.length > 0) throw new AggregateError(failures, 'The cluster could not be ended in order.');
}
