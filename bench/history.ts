// Owns the bench of a long history: holdfast with millions of finished transactions stored, against an empty database on
// the same server, A B A B. npm run bench:history -- [TRANSACTIONS] [--rounds N] [--seconds N] [--out FILE]
import { parseArgs } from 'node:util';
import { checkInvariants, connect, createDatabase } from './database.ts';
import { generate, settle } from './generate.ts';
import { runLoad, SKU_COUNT } from './load.ts';
import { median } from './measurement.ts';
import { type PrivateServers, startPrivateServers } from './private-servers.ts';
import { describeMachine, keep, table, verdictTable } from './report.ts';
import { stockHoldfast } from './stocking.ts';
import { type System, startSystem } from './system.ts';
import { verdict } from './targets.ts';

const CONNECTIONS = 128;
const WARM_UP_SECONDS = 3;

interface Side {
  readonly name: 'empty' | 'filled';
  readonly database: string;
  readonly system: System;
}

/** Migrates and stocks through holdfast itself, fills the tables where asked, and leaves it running and warm. */
async function startSide(servers: PrivateServers, name: Side['name'], finished: number): Promise<Side> {
  const database = await createDatabase(servers.postgresUrl, name);
  const first = await startSystem('holdfast', database, servers.redisUrl);
  await stockHoldfast(first.url);
  await first.stop();
  const client = await connect(database);
  if (finished > 0) await generate(client, 'history', finished, [SKU_COUNT]);
  await settle(client);
  await client.end();
  const system = await startSystem('holdfast', database, servers.redisUrl);
  await runLoad(system.url, { pattern: 'uniform', connections: CONNECTIONS, seconds: WARM_UP_SECONDS, pauseMs: 0 });
  return { name, database, system };
}

interface Run {
  readonly side: Side['name'];
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly unexpected: number;
}

async function measureSide(side: Side, seconds: number): Promise<Run> {
  const result = await runLoad(side.system.url, { pattern: 'uniform', connections: CONNECTIONS, seconds, pauseMs: 0 });
  const unexpected = result.failed + result.refused + result.socketErrors;
  const run = { side: side.name, perSecond: result.requestsPerSecond, p99Ms: result.latencyMs.p99, unexpected };
  console.log(
    `  ${side.name.padEnd(6)} ${Math.round(run.perSecond).toLocaleString('en')}/s  p99 ${run.p99Ms.toFixed(1)} ms  ${result.sample}`,
  );
  return run;
}

async function report(runs: readonly Run[], finished: number, out: string | undefined): Promise<void> {
  const of = (side: Side['name']): Run[] => runs.filter((run) => run.side === side);
  const filled = of('filled');
  const ratio = median(of('empty').map(({ perSecond }, round) => (filled[round]?.perSecond ?? Number.NaN) / perSecond));
  const rows = (['empty', 'filled'] as const).map((side) => [
    side === 'empty' ? 'empty database' : `${finished.toLocaleString('en')} finished transactions`,
    Math.round(median(of(side).map(({ perSecond }) => perSecond))).toLocaleString('en'),
    median(of(side).map(({ p99Ms }) => p99Ms)).toFixed(1),
    String(of(side).reduce((sum, { unexpected }) => sum + unexpected, 0)),
  ]);
  const found = [verdict('long history: ≥ 0.8 × an empty database', ratio, ' ×', (value) => value >= 0.8)];
  console.log(`\n${table(['stored', 'requests/s', 'p99 ms', 'unexpected'], rows)}\n\n${verdictTable(found)}\n`);
  const file = await keep(
    'history',
    { date: new Date().toISOString(), machine: describeMachine(), finished, runs, verdicts: found },
    out,
  );
  console.log(`I1–I3 held. Written to ${file}`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string' }, rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '4' } },
  });
  const finished = Number(positionals[0] ?? 5_000_000);
  const servers = await startPrivateServers();
  const sides: Side[] = [];
  try {
    sides.push(await startSide(servers, 'empty', 0), await startSide(servers, 'filled', finished));
    const runs: Run[] = [];
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) runs.push(await measureSide(side, Number(values.seconds)));
    }
    for (const side of sides) {
      const client = await connect(side.database);
      await checkInvariants(client, 'holdfast');
      await client.end();
    }
    await report(runs, finished, values.out);
  } finally {
    for (const side of sides) await side.system.stop();
    await servers.stop();
  }
}

await main();
