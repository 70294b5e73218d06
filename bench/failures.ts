// Owns the bench of failures: three coordinators under a steady load, one of them killed, and PostgreSQL restarted; what callers
// were told meanwhile, and how soon all is as before. npm run bench:failures -- [--times N] [--out FILE]
import { parseArgs } from 'node:util';
import { startCluster } from '../chaos/cluster/cluster.ts';
import type { Cluster } from '../chaos/cluster/ports.ts';
import { undoEverything } from '../test/support/end.ts';
import { checkInvariants, connect, statement } from './database.ts';
import { median } from './measurement.ts';
import { pause } from './pause.ts';
import { describeMachine, keep, table, verdictTable } from './report.ts';
import { type Answer, type SteadyCallers, startSteadyCallers } from './steady-callers.ts';
import { stockHoldfast } from './stocking.ts';
import { type Verdict, verdict } from './targets.ts';

const INSTANCES = 3;
const PARTICIPANT = 'payment';
const WARM_UP_MS = 5_000;
const QUIET_MS = 10_000;
const WATCHED_MS = 15_000;
const WINDOW_MS = 1_000;
/** So many normal seconds in a row say that all is as before: no worse than the worst quiet one, give or take a tenth. */
const IN_A_ROW = 3;
const NORMAL_FACTOR = 1.1;
const LOOK_EVERY_MS = 10;
const ROOT = new URL('..', import.meta.url).pathname;

interface Kill {
  readonly quietP99Ms: number;
  /** Of those who asked the others, from the kill on. */
  readonly worstP99Ms: number;
  readonly othersAnswers: number;
  readonly othersErrors: readonly string[];
  readonly brokenConnections: number;
  /** When the p99 was normal again to stay, after the kill; infinite where it was not while we looked. */
  readonly p99BackAfterMs: number;
}

interface Restart {
  /** From the kill until PostgreSQL answered. */
  readonly awayMs: number;
  /** From then to the first 2xx of each coordinator, the slowest of them. */
  readonly backAfterMs: number;
  readonly answers: number;
  readonly unavailable: number;
  readonly withoutRetryAfter: number;
  readonly latestAnswerMs: number;
  /** Neither 2xx nor 503. */
  readonly others: readonly string[];
}

function p99Of(answers: readonly Answer[]): number {
  const sorted = answers.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}

/** The p99 of every second between two moments, by when the requests were sent. */
function p99BySecond(answers: readonly Answer[], from: number, to: number): number[] {
  const seconds = Array.from({ length: Math.floor((to - from) / WINDOW_MS) }, (): Answer[] => []);
  for (const answer of answers) seconds[Math.floor((answer.sentAt - from) / WINDOW_MS)]?.push(answer);
  return seconds.map(p99Of);
}

/** A participant may say no at any time: that is an answer like another. */
const isGood = ({ status, detail }: Answer): boolean =>
  status !== null && (status < 300 || (status === 409 && detail.includes('participant-refused')));
const told = ({ status, detail }: Answer): string => `${status ?? 'no answer'} ${detail}`;

async function killOne(cluster: Cluster, callers: SteadyCallers, victim: number): Promise<Kill> {
  const quietFrom = performance.now();
  await pause(QUIET_MS);
  const killedAt = performance.now();
  await cluster.coordinators[victim]?.kill();
  await pause(WATCHED_MS);
  const end = performance.now();
  const since = callers.answers.filter(({ sentAt }) => sentAt >= quietFrom);
  const others = since.filter(({ instance }) => instance !== victim);
  const quiet = p99BySecond(others, quietFrom, killedAt);
  const after = p99BySecond(others, killedAt, end);
  const othersAfter = others.filter(({ sentAt, tookMs }) => sentAt + tookMs >= killedAt);
  await cluster.coordinators[victim]?.start();
  return {
    quietP99Ms: median(quiet),
    worstP99Ms: Math.max(...after),
    othersAnswers: othersAfter.length,
    othersErrors: othersAfter.filter((answer) => !isGood(answer)).map(told),
    brokenConnections: since.filter((answer) => answer.instance === victim && answer.status === null).length,
    p99BackAfterMs: normalFrom(after, Math.max(...quiet) * NORMAL_FACTOR) * WINDOW_MS,
  };
}

/** @returns which second begins a row of normal ones */
function normalFrom(p99s: readonly number[], limitMs: number): number {
  const isNormal = (second: number): boolean => p99s.slice(second, second + IN_A_ROW).every((p99) => p99 <= limitMs);
  const first = p99s.findIndex((_, second) => second + IN_A_ROW <= p99s.length && isNormal(second));
  return first === -1 ? Number.POSITIVE_INFINITY : first;
}

async function restartPostgres(cluster: Cluster, callers: SteadyCallers): Promise<Restart> {
  await pause(QUIET_MS);
  const killedAt = performance.now();
  await cluster.postgres.kill();
  const starting = cluster.postgres.start();
  const backAt = await untilAnswers(cluster.postgres.url);
  await starting;
  await pause(WATCHED_MS);
  const meanwhile = callers.answers.filter(({ sentAt, tookMs }) => sentAt + tookMs >= killedAt);
  const firstGood = Array.from({ length: INSTANCES }, (_, index) =>
    Math.min(
      ...meanwhile
        .filter((answer) => answer.instance === index && isGood(answer) && answer.sentAt + answer.tookMs >= backAt)
        .map(({ sentAt, tookMs }) => sentAt + tookMs - backAt),
    ),
  );
  const unavailable = meanwhile.filter(({ status }) => status === 503);
  return {
    awayMs: backAt - killedAt,
    backAfterMs: Math.max(...firstGood),
    answers: meanwhile.length,
    unavailable: unavailable.length,
    withoutRetryAfter: unavailable.filter(({ hasRetryAfter }) => !hasRetryAfter).length,
    latestAnswerMs: Math.max(...meanwhile.map(({ tookMs }) => tookMs)),
    others: meanwhile.filter((answer) => !isGood(answer) && answer.status !== 503).map(told),
  };
}

async function untilAnswers(url: string): Promise<number> {
  for (;;) {
    const client = await connect(url).catch(() => null);
    if (client !== null) {
      await client.end();
      return performance.now();
    }
    await pause(LOOK_EVERY_MS);
  }
}

/** Every confirm that was answered must be found. @returns how many are missing */
async function countLost(url: string, confirmed: ReadonlySet<string>): Promise<number> {
  const client = await connect(url);
  try {
    await checkInvariants(client, 'holdfast');
    const { rows } = await client.query<{ lost: number }>(await statement('lost-confirms'), [[...confirmed]]);
    return rows[0]?.lost ?? Number.NaN;
  } finally {
    await client.end();
  }
}

function judge(kills: readonly Kill[], restarts: readonly Restart[], lost: number): Verdict[] {
  const most = (values: readonly number[]): number => Math.max(...values);
  const none = (value: number): boolean => value === 0;
  return [
    verdict(
      "kill -9 of one of three: errors of the others' callers",
      most(kills.map((kill) => kill.othersErrors.length)),
      '',
      none,
      0,
    ),
    verdict(
      "kill -9 of one of three: the others' p99 is back within 10 s",
      most(kills.map((kill) => kill.p99BackAfterMs)) / 1_000,
      ' s',
      (value) => value <= 10,
      0,
    ),
    verdict('PostgreSQL restarted: answers but 2xx and 503', most(restarts.map((each) => each.others.length)), '', none, 0),
    verdict('PostgreSQL restarted: 503 without Retry-After', most(restarts.map((each) => each.withoutRetryAfter)), '', none, 0),
    verdict(
      'PostgreSQL restarted: every coordinator serves within 3 s of its return',
      most(restarts.map((each) => each.backAfterMs)) / 1_000,
      ' s',
      (value) => value <= 3,
    ),
    verdict('answered confirms that are lost', lost, '', none, 0),
  ];
}

function killTable(kills: readonly Kill[]): string {
  return table(
    ['kill -9 of', 'broken connections', "others' answers", 'errors', 'quiet p99 ms', 'worst second ms', 'normal after s'],
    kills.map((kill, index) => [
      `coordinator-${index % INSTANCES}`,
      String(kill.brokenConnections),
      kill.othersAnswers.toLocaleString('en'),
      String(kill.othersErrors.length),
      kill.quietP99Ms.toFixed(1),
      kill.worstP99Ms.toFixed(1),
      String(kill.p99BackAfterMs / 1_000),
    ]),
  );
}

function restartTable(restarts: readonly Restart[]): string {
  return table(
    ['PostgreSQL', 'away ms', 'all serve again after ms', 'answers', '503', 'latest answer ms', 'anything else'],
    restarts.map((each, index) => [
      `restart ${index + 1}`,
      each.awayMs.toFixed(0),
      each.backAfterMs.toFixed(0),
      each.answers.toLocaleString('en'),
      String(each.unavailable),
      each.latestAnswerMs.toFixed(0),
      String(each.others.length),
    ]),
  );
}

async function observe(cluster: Cluster, times: number): Promise<{ kills: Kill[]; restarts: Restart[]; lost: number }> {
  const [first] = cluster.coordinators;
  if (first === undefined) throw new Error('the cluster has no coordinator');
  await stockHoldfast(first.url);
  const callers = startSteadyCallers(
    cluster.coordinators.map(({ url }) => url),
    PARTICIPANT,
  );
  const kills: Kill[] = [];
  const restarts: Restart[] = [];
  try {
    await pause(WARM_UP_MS);
    for (let time = 0; time < times; time += 1) {
      kills.push(await killOne(cluster, callers, time % INSTANCES));
      restarts.push(await restartPostgres(cluster, callers));
      console.log(`  ${time + 1} of ${times}`);
    }
  } finally {
    await callers.stop();
  }
  return { kills, restarts, lost: await countLost(cluster.postgres.url, callers.confirmed) };
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { times: { type: 'string', default: '5' }, out: { type: 'string' } } });
  const cluster = await startCluster({
    instances: INSTANCES,
    participants: [PARTICIPANT],
    withClocks: false,
    withSmallDisk: false,
    tree: ROOT,
    environment: {},
  });
  try {
    const { kills, restarts, lost } = await observe(cluster, Number(values.times));
    const verdicts = judge(kills, restarts, lost);
    console.log(`\n${killTable(kills)}\n\n${restartTable(restarts)}\n\n${verdictTable(verdicts)}\n`);
    for (const error of [...kills.flatMap((kill) => kill.othersErrors), ...restarts.flatMap((each) => each.others)].slice(0, 10))
      console.log(`  ${error}`);
    const result = { date: new Date().toISOString(), machine: describeMachine(), kills, restarts, lost, verdicts };
    console.log(`I1–I3 held. Written to ${await keep('failures', result, values.out)}`);
  } finally {
    await cluster.stop();
    await undoEverything();
  }
}

await main();
