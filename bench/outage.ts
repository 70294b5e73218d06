// Owns the bench of an outage: thousands of branches wait for a participant that is away, and are all due at once when it is
// back, while callers without branches go on. npm run bench:outage -- [BRANCHES] [--out FILE]
import { parseArgs } from 'node:util';
import type pg from 'pg';
import { registerParticipants } from './branches.ts';
import { p99Of, slice, slicesDuring, unexpectedOf, warmUp } from './callers.ts';
import { checkInvariants, connect, createDatabase } from './database.ts';
import type { LoadResult } from './load.ts';
import { allWait, confirmBranches, type Drained, holdBranches, watchDrain } from './outage-branches.ts';
import { type PrivateServers, startPrivateServers } from './private-servers.ts';
import { describeMachine, keep, table, verdictTable } from './report.ts';
import { stockHoldfast } from './stocking.ts';
import { type System, startSystem } from './system.ts';
import { type Verdict, verdict } from './targets.ts';

const PARTICIPANT = 'away';
/** Short, because a drain of 10,000 branches takes seconds, and the slice that outlasts it does not count. */
const SLICE_SECONDS = 2;
const QUIET_SLICES = 5;
const AWAY_SLICES = 3;
const WAIT_PATIENCE_MS = 120_000;
const DRAIN_AT_LEAST_PER_SECOND = 50;

/** Below the ports that connections leave from, or another might sit on it while the participant is away. */
const portOfParticipant = (): number => 20_000 + Math.floor(Math.random() * 10_000);

interface Outcome {
  readonly quiet: readonly LoadResult[];
  /** While the participant is away and all wait. */
  readonly away: readonly LoadResult[];
  /** While they drain. */
  readonly meanwhile: readonly LoadResult[];
  readonly drained: Drained;
}

async function slices(system: System, name: string, count: number): Promise<LoadResult[]> {
  const results: LoadResult[] = [];
  while (results.length < count) results.push(await slice(system, name, SLICE_SECONDS));
  return results;
}

/** @param participantAt its port, the same before and after */
async function observe(system: System, client: pg.Client, count: number, participantAt: number): Promise<Outcome> {
  let participant = await startSystem('participant', '', undefined, participantAt);
  try {
    await registerParticipants(system.url, participant.url, [PARTICIPANT]);
    const ids = await holdBranches(system.url, PARTICIPANT, count);
    console.log(`  ${count.toLocaleString('en')} transactions with a branch each are held`);
    await warmUp(system);
    const quiet = await slices(system, 'quiet', QUIET_SLICES);
    await participant.stop();
    await confirmBranches(system.url, ids);
    const watched = { client, participant: PARTICIPANT, count };
    await allWait(watched, WAIT_PATIENCE_MS);
    console.log('  the participant is away, all are decided and wait for their retry');
    const away = await slices(system, 'away', AWAY_SLICES);
    participant = await startSystem('participant', '', undefined, participantAt);
    const first = Promise.withResolvers<void>();
    const patienceMs = 60_000 + (count / DRAIN_AT_LEAST_PER_SECOND) * 1000;
    const draining = watchDrain(watched, performance.now(), patienceMs, first.resolve);
    await Promise.race([first.promise, draining]);
    const meanwhile = await slicesDuring(draining, system, 'draining', SLICE_SECONDS);
    return { quiet, away, meanwhile, drained: await draining };
  } finally {
    await participant.stop();
  }
}

function judge({ quiet, away, meanwhile, drained }: Outcome): Verdict[] {
  return [
    verdict('all of them confirmed', drained.finished ? 1 : 0, '', (value) => value === 1, 0),
    verdict(
      `callers' p99 meanwhile ≤ 3 × quiet (medians of ${SLICE_SECONDS} s)`,
      p99Of(meanwhile) / p99Of(quiet),
      ' ×',
      (value) => value <= 3,
    ),
    verdict('no unexpected answer', unexpectedOf([...quiet, ...away, ...meanwhile]), '', (value) => value === 0, 0),
  ];
}

function callersTable({ quiet, away, meanwhile }: Outcome): string {
  const row = (title: string, results: readonly LoadResult[]): string[] => {
    const most = Math.max(...results.map(({ latencyMs }) => latencyMs.p99));
    const perSecond = results.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0) / results.length;
    return [
      title,
      Math.round(perSecond).toLocaleString('en'),
      p99Of(results).toFixed(1),
      most.toFixed(1),
      String(results.length),
    ];
  };
  return table(
    ['callers without branches', 'requests/s', 'p99 ms', 'worst p99 ms', 'slices'],
    [row('quiet', quiet), row('participant away, all wait', away), row('back, all drain', meanwhile)],
  );
}

async function report(outcome: Outcome, count: number, out: string | undefined): Promise<void> {
  const { seconds, firstAfterSeconds, branchesPerSecond } = outcome.drained;
  const found = judge(outcome);
  console.log(`\n${callersTable(outcome)}\n`);
  console.log(
    `${count.toLocaleString('en')} branches drained at ${Math.round(branchesPerSecond).toLocaleString('en')}/s: the first was seen ` +
      `CONFIRMED ${firstAfterSeconds.toFixed(1)} s after the participant was back, the last after ${seconds.toFixed(1)} s.\n`,
  );
  console.log(`${verdictTable(found)}\n`);
  const result = { date: new Date().toISOString(), machine: describeMachine(), count, ...outcome, verdicts: found };
  console.log(
    `I1–I3 held, and confirmed transactions have their branches confirmed. Written to ${await keep('outage', result, out)}`,
  );
}

async function prepareAndObserve(servers: PrivateServers, count: number): Promise<Outcome> {
  const database = await createDatabase(servers.postgresUrl, 'outage');
  const system = await startSystem('holdfast', database, servers.redisUrl);
  const client = await connect(database);
  try {
    await stockHoldfast(system.url);
    const outcome = await observe(system, client, count, portOfParticipant());
    await checkInvariants(client, 'holdfast');
    return outcome;
  } finally {
    await client.end();
    await system.stop();
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } });
  const count = Number(positionals[0] ?? 10_000);
  const servers = await startPrivateServers();
  try {
    await report(await prepareAndObserve(servers, count), count, values.out);
  } finally {
    await servers.stop();
  }
}

await main();
