// Owns the bench of a mass release: a million open reservations fall due at one moment while callers go on.
// npm run bench:expiry -- [RESERVATIONS] [--out FILE]
import { parseArgs } from 'node:util';
import { p99Of, slice, slicesDuring, unexpectedOf, warmUp } from './callers.ts';
import { checkInvariants, connect, createDatabase } from './database.ts';
import { type Watched, watchRelease } from './expiry-watch.ts';
import { generate, settle } from './generate.ts';
import type { LoadResult } from './load.ts';
import { pause } from './pause.ts';
import { type PrivateServers, startPrivateServers } from './private-servers.ts';
import { describeMachine, keep, verdictTable } from './report.ts';
import { stockHoldfast } from './stocking.ts';
import { startSystem } from './system.ts';
import { type Verdict, verdict } from './targets.ts';

const DUE_SKUS = 500;
const SLICE_SECONDS = 5;
const QUIET_SLICES = 3;
const WRITE_AT_LEAST_PER_SECOND = 15_000;
const RELEASE_AT_LEAST_PER_SECOND = 1_000;
const MEBIBYTE = 2 ** 20;

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

async function observe(servers: PrivateServers, { database, dueAt }: Prepared, open: number): Promise<Outcome> {
  const system = await startSystem('holdfast', database, servers.redisUrl);
  try {
    await warmUp(system);
    if (Date.now() + QUIET_SLICES * SLICE_SECONDS * 1000 + 2000 > dueAt) throw new Error('writing them took too long; try fewer');
    const quiet: LoadResult[] = [];
    while (quiet.length < QUIET_SLICES) quiet.push(await slice(system, 'quiet', SLICE_SECONDS));
    await pause(dueAt - Date.now() - 500);
    const watching = watchRelease(database, system, open, 60_000 + (open / RELEASE_AT_LEAST_PER_SECOND) * 1000);
    const meanwhile = await slicesDuring(watching, system, 'meanwhile', SLICE_SECONDS);
    return { quiet, meanwhile, watched: await watching };
  } finally {
    await system.stop();
  }
}

function judge({ quiet, meanwhile, watched }: Outcome): Verdict[] {
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
    verdict("callers' p99 meanwhile ≤ 3 × quiet (medians of 5 s)", p99Of(meanwhile) / p99Of(quiet), ' ×', (value) => value <= 3),
    verdict('no unexpected answer', unexpectedOf([...quiet, ...meanwhile]), '', (value) => value === 0, 0),
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
