// Owns the bench of a mass release: a million open reservations fall due at one moment while callers go on.
// npm run bench:expiry -- [RESERVATIONS] [--out FILE]
import { parseArgs } from 'node:util';
import { checkInvariants, connect, createDatabase } from './database.ts';
import { type Watched, watchRelease } from './expiry-watch.ts';
import { generate, settle } from './generate.ts';
import { type LoadResult, runLoad } from './load.ts';
import { median } from './measurement.ts';
import { type PrivateServers, startPrivateServers } from './private-servers.ts';
import { describeMachine, keep, verdictTable } from './report.ts';
import { stockHoldfast } from './stocking.ts';
import { type System, startSystem } from './system.ts';
import { type Verdict, verdict } from './targets.ts';

const DUE_SKUS = 500;
/** Callers at a pace that leaves the machine room, about 1,500 requests/s: a p99 under saturation would measure the queue. */
const CALLERS = { pattern: 'uniform', connections: 32, pauseMs: 20 } as const;
const SLICE_SECONDS = 5;
const QUIET_SLICES = 3;
const WRITE_AT_LEAST_PER_SECOND = 15_000;
const RELEASE_AT_LEAST_PER_SECOND = 1_000;
const MEBIBYTE = 2 ** 20;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Prepared {
  readonly database: string;
  readonly dueAt: number;
}

/** Fills a migrated database with reservations that all fall due at one moment, late enough for the quiet measurement. */
async function prepare(servers: PrivateServers, open: number): Promise<Prepared> {
  const database = await createDatabase(servers.postgresUrl, 'expiry');
  const first = await startSystem('holdfast', database, servers.redisUrl);
  await stockHoldfast(
    first.url,
    Array.from({ length: DUE_SKUS }, (_, index) => `DUE-${index + 1}`),
  );
  await first.stop();
  const client = await connect(database);
  const dueAt = Date.now() + 50_000 + (open / WRITE_AT_LEAST_PER_SECOND) * 1000;
  await generate(client, 'open', open, [DUE_SKUS, new Date(dueAt)]);
  await settle(client);
  await client.end();
  return { database, dueAt };
}

interface Outcome {
  readonly quiet: readonly LoadResult[];
  readonly meanwhile: readonly LoadResult[];
  readonly watched: Watched;
}

async function slice(system: System, name: string): Promise<LoadResult> {
  const result = await runLoad(system.url, { ...CALLERS, seconds: SLICE_SECONDS });
  console.log(
    `  ${name}: p99 ${result.latencyMs.p99.toFixed(1)} ms at ${Math.round(result.requestsPerSecond)}/s ${result.sample}`,
  );
  return result;
}

async function observe(servers: PrivateServers, { database, dueAt }: Prepared, open: number): Promise<Outcome> {
  const system = await startSystem('holdfast', database, servers.redisUrl);
  try {
    await runLoad(system.url, { ...CALLERS, pauseMs: 0, seconds: 3 });
    if (Date.now() + QUIET_SLICES * SLICE_SECONDS * 1000 + 2000 > dueAt) throw new Error('writing them took too long; try fewer');
    const quiet: LoadResult[] = [];
    while (quiet.length < QUIET_SLICES) quiet.push(await slice(system, 'quiet'));
    await pause(dueAt - Date.now() - 500);
    let over = false;
    const watching = watchRelease(database, system, open, 60_000 + (open / RELEASE_AT_LEAST_PER_SECOND) * 1000);
    watching
      .finally(() => {
        over = true;
      })
      .catch(() => {});
    const meanwhile: LoadResult[] = [];
    while (!over) {
      const result = await slice(system, 'meanwhile');
      // The last slice runs on past the end of the release; it counts only where it is the only one.
      if (!over || meanwhile.length === 0) meanwhile.push(result);
    }
    return { quiet, meanwhile, watched: await watching };
  } finally {
    await system.stop();
  }
}

function judge({ quiet, meanwhile, watched }: Outcome): Verdict[] {
  const p99Ms = (slices: readonly LoadResult[]): number => median(slices.map(({ latencyMs }) => latencyMs.p99));
  const unexpected = [...quiet, ...meanwhile].reduce((sum, run) => sum + run.failed + run.refused + run.socketErrors, 0);
  return [
    verdict('all of them released', watched.finished ? 1 : 0, '', (value) => value === 1, 0),
    verdict('released at ≥ 10,000/s', watched.releasedPerSecond, '/s', (value) => value >= 10_000, 0),
    verdict('longest lock < 200 ms', watched.longestLockMs, ' ms', (value) => value < 200, 0),
    verdict(
      'resident memory < 300 MB',
      watched.mostResidentBytes / MEBIBYTE,
      ' MiB',
      (value) => value * MEBIBYTE < 300_000_000,
      0,
    ),
    verdict("callers' p99 meanwhile ≤ 3 × quiet (medians of 5 s)", p99Ms(meanwhile) / p99Ms(quiet), ' ×', (value) => value <= 3),
    verdict('no unexpected answer', unexpected, '', (value) => value === 0, 0),
  ];
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } });
  const open = Number(positionals[0] ?? 1_000_000);
  const servers = await startPrivateServers();
  try {
    const prepared = await prepare(servers, open);
    const outcome = await observe(servers, prepared, open);
    const client = await connect(prepared.database);
    await checkInvariants(client, 'holdfast');
    await client.end();
    const found = judge(outcome);
    console.log(`\n${verdictTable(found)}\n`);
    const file = await keep(
      'expiry',
      { date: new Date().toISOString(), machine: describeMachine(), open, ...outcome, verdicts: found },
      values.out,
    );
    console.log(`I1–I3 held. Written to ${file}`);
  } finally {
    await servers.stop();
  }
}

await main();
