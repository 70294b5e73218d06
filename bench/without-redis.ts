// Owns the bench of a life without Redis: one holdfast has it, the other's is gone for good, and both are driven in turn with
// transactions of items alone. npm run bench:redis -- [--pairs N] [--seconds N] [--out FILE]
import { parseArgs } from 'node:util';
import { undoEverything } from '../test/support/end.ts';
import { startRedis } from '../test/support/servers.ts';
import { connect, createDatabase } from './database.ts';
import type { Load } from './load.ts';
import { type Measurement, median } from './measurement.ts';
import { startPrivateServers } from './private-servers.ts';
import { describeMachine, keep, table, verdictTable } from './report.ts';
import { measure, type Subject } from './session.ts';
import { stockHoldfast } from './stocking.ts';
import { startSystem } from './system.ts';
import { verdict } from './targets.ts';

const CONNECTIONS = 128;
const WARM_UP_SECONDS = 3;

interface Pair {
  readonly with: Measurement;
  readonly without: Measurement;
}

async function startSubject(database: string, redisUrl: string): Promise<Subject> {
  const system = await startSystem('holdfast', database, redisUrl);
  const ledger = await connect(database);
  await stockHoldfast(system.url);
  return { system, ledger, tried: 0, confirmed: 0 };
}

async function measurePairs(withRedis: Subject, without: Subject, pairs: number, seconds: number): Promise<Pair[]> {
  const load: Load = { pattern: 'uniform', connections: CONNECTIONS, seconds, pauseMs: 0 };
  const measured: Pair[] = [];
  for (let round = 0; round < pairs; round += 1) {
    // The order turns around every round, so that neither of two neighbours always comes first.
    const first = await measure(round % 2 === 0 ? withRedis : without, load, round);
    const second = await measure(round % 2 === 0 ? without : withRedis, load, round);
    measured.push(round % 2 === 0 ? { with: first, without: second } : { with: second, without: first });
  }
  return measured;
}

async function report(pairs: readonly Pair[], out: string | undefined): Promise<void> {
  const row = (title: string, runs: readonly Measurement[]): string[] => [
    title,
    Math.round(median(runs.map(({ perSecond }) => perSecond))).toLocaleString('en'),
    median(runs.map(({ p99Ms }) => p99Ms)).toFixed(1),
    String(runs.reduce((sum, { unexpected }) => sum + unexpected, 0)),
  ];
  const share = median(pairs.map((pair) => pair.without.perSecond / pair.with.perSecond));
  const verdicts = [
    verdict(`Redis gone for good: ≥ 0.85 × normal (median of ${pairs.length} pairs)`, share, ' ×', (value) => value >= 0.85),
  ];
  const rows = [
    row(
      'with Redis',
      pairs.map((pair) => pair.with),
    ),
    row(
      'Redis gone for good',
      pairs.map((pair) => pair.without),
    ),
  ];
  console.log(`\n${table([`items alone, ${CONNECTIONS} connections`, 'requests/s', 'p99 ms', 'unexpected'], rows)}\n`);
  console.log(`${verdictTable(verdicts)}\n`);
  const result = { date: new Date().toISOString(), machine: describeMachine(), pairs, verdicts };
  console.log(`I1–I3 held after every run. Written to ${await keep('without-redis', result, out)}`);
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { pairs: { ...text, default: '7' }, seconds: { ...text, default: '3' }, out: text },
  });
  const servers = await startPrivateServers();
  const subjects: Subject[] = [];
  try {
    const { redisUrl } = servers;
    if (redisUrl === undefined) throw new Error('this bench needs redis-server or valkey-server on PATH');
    const doomed = await startRedis();
    const withRedis = await startSubject(await createDatabase(servers.postgresUrl, 'with'), redisUrl);
    subjects.push(withRedis);
    const without = await startSubject(await createDatabase(servers.postgresUrl, 'without'), doomed.url);
    subjects.push(without);
    await doomed.kill();
    for (const subject of subjects) {
      await measure(subject, { pattern: 'uniform', connections: CONNECTIONS, seconds: WARM_UP_SECONDS, pauseMs: 0 }, -1);
    }
    await report(await measurePairs(withRedis, without, Number(values.pairs), Number(values.seconds)), values.out);
  } finally {
    for (const subject of subjects) {
      await subject.ledger?.end();
      await subject.system.stop();
    }
    await servers.stop();
    await undoEverything();
  }
}

await main();
