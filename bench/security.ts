// Owns the bench of what protection costs: the same load without authentication and with a key on every request, in turns; and steady
// callers while thousands of other connections are held open, some of them in the middle of a header.
// npm run bench:security -- [--rounds N] [--seconds N] [--held N] [--out FILE]
import { connect as connectTo, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { p99Of, slice, unexpectedOf, warmUp } from './callers.ts';
import { connect, createDatabase } from './database.ts';
import type { Load, LoadResult } from './load.ts';
import { type Measurement, median } from './measurement.ts';
import { type PrivateServers, startPrivateServers } from './private-servers.ts';
import { describeMachine, keep, table, verdictTable } from './report.ts';
import { measure, type Subject } from './session.ts';
import { stockHoldfast } from './stocking.ts';
import { type System, startSystem } from './system.ts';
import { verdict } from './targets.ts';

const LOAD = { pattern: 'uniform', connections: 128, pauseMs: 0 } as const satisfies Partial<Load>;
const WARM_UP_SECONDS = 6;
const SLICE_SECONDS = 2;
const SLICES = 5;
/** One in four of those that are held has sent half a header, and goes on with a letter now and then. */
const DRIBBLING_ONE_IN = 4;
const DRIBBLE_EVERY_MS = 500;

type Name = 'off' | 'on';

interface Guarded {
  readonly subject: Subject;
  readonly key?: string;
}

type Round = Partial<Record<Name, Measurement>>;

async function startGuarded(name: Name, servers: PrivateServers): Promise<Guarded> {
  const database = await createDatabase(servers.postgresUrl, `security_${name}`);
  const system = await startSystem('holdfast', database, servers.redisUrl);
  await stockHoldfast(system.url);
  const subject: Subject = { system, ledger: await connect(database), tried: 0, confirmed: 0 };
  return name === 'off' ? { subject } : { subject, key: await firstKey(system.url) };
}

async function firstKey(url: string): Promise<string> {
  const body = JSON.stringify({ name: 'bench', scopes: ['transactions:read', 'transactions:write'] });
  const answer = await fetch(`${url}/v1/keys`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return ((await answer.json()) as { readonly key: string }).key;
}

function runOne({ subject, key }: Guarded, seconds: number, round: number): Promise<Measurement> {
  return measure(subject, { ...LOAD, seconds, ...(key === undefined ? {} : { key }) }, round);
}

interface Held {
  readonly open: number;
  release(): void;
}

/** @returns how many of them the system took and keeps: it drops those that dribble once their time is up, and they come again */
async function hold(url: string, count: number): Promise<Held> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let released = false;
  const open = (dribbles: boolean): void => {
    const socket = connectTo(Number(port), hostname);
    sockets.add(socket);
    let timer: NodeJS.Timeout | undefined;
    socket.on('error', () => {});
    socket.on('connect', () => {
      if (!dribbles) return;
      socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
      timer = setInterval(() => socket.write('a'), DRIBBLE_EVERY_MS);
    });
    socket.on('close', () => {
      clearInterval(timer);
      sockets.delete(socket);
      if (!released) setTimeout(open, DRIBBLE_EVERY_MS, dribbles);
    });
  };
  for (let number = 0; number < count; number += 1) {
    open(number % DRIBBLING_ONE_IN === 0);
    if (number % 200 === 199) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return {
    get open() {
      return [...sockets].filter(({ readyState }) => readyState === 'open').length;
    },
    release: () => {
      released = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface Crowd {
  readonly quiet: readonly LoadResult[];
  readonly held: readonly LoadResult[];
  readonly open: number;
}

async function observeCrowd(system: System, count: number): Promise<Crowd> {
  await warmUp(system);
  const quiet: LoadResult[] = [];
  const held: LoadResult[] = [];
  while (quiet.length < SLICES) quiet.push(await slice(system, 'quiet', SLICE_SECONDS));
  const crowd = await hold(system.url, count);
  try {
    const open = crowd.open;
    while (held.length < SLICES) held.push(await slice(system, `${open} connections held`, SLICE_SECONDS));
    return { quiet, held, open: Math.min(open, crowd.open) };
  } finally {
    crowd.release();
  }
}

async function report(rounds: readonly Round[], crowd: Crowd, asked: number, out: string | undefined): Promise<void> {
  const valuesOf = (name: Name, pick: (run: Measurement) => number): number[] =>
    rounds.flatMap((round) => (round[name] === undefined ? [] : [pick(round[name])]));
  const rows = (['off', 'on'] as const).map((name) => [
    name,
    Math.round(median(valuesOf(name, ({ perSecond }) => perSecond))).toLocaleString('en'),
    median(valuesOf(name, ({ p99Ms }) => p99Ms)).toFixed(1),
    String(valuesOf(name, ({ unexpected }) => unexpected).reduce((sum, value) => sum + value, 0)),
  ]);
  const shares = rounds.flatMap(({ on, off }) => (on === undefined || off === undefined ? [] : [on.perSecond / off.perSecond]));
  const verdicts = [
    verdict('keys on: ≥ 0.9 × off, by requests/s', median(shares), ' ×', (x) => x >= 0.9),
    verdict('connections held open', crowd.open, '', (x) => x >= 0.9 * asked, 0),
    verdict('meanwhile: p99 ≤ 3 × quiet', p99Of(crowd.held) / p99Of(crowd.quiet), ' ×', (x) => x <= 3),
    verdict('no unexpected answer', unexpectedOf([...crowd.quiet, ...crowd.held]), '', (x) => x === 0, 0),
  ];
  console.log(`\n${table(['keys', 'requests/s', 'p99 ms', 'unexpected'], rows)}\n`);
  console.log(`${verdictTable(verdicts)}\n`);
  const result = { date: new Date().toISOString(), machine: describeMachine(), rounds, crowd, verdicts };
  console.log(`I1–I3 held after every run. Written to ${await keep('security', result, out)}`);
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      rounds: { ...text, default: '7' },
      seconds: { ...text, default: '3' },
      held: { ...text, default: '3000' },
      out: text,
    },
  });
  const servers = await startPrivateServers();
  const subjects = new Map<Name, Guarded>();
  try {
    for (const name of ['off', 'on'] as const) subjects.set(name, await startGuarded(name, servers));
    for (const one of subjects.values()) await runOne(one, WARM_UP_SECONDS, -1);
    const rounds: Round[] = [];
    for (let number = 0; number < Number(values.rounds); number += 1) {
      const round: Round = {};
      // The order turns around every round, so that none of the two always comes first.
      for (const [name, one] of number % 2 === 0 ? subjects : [...subjects].toReversed())
        round[name] = await runOne(one, Number(values.seconds), number);
      rounds.push(round);
    }
    const off = subjects.get('off');
    if (off === undefined) throw new Error('there is nothing to hold connections to');
    await report(rounds, await observeCrowd(off.subject.system, Number(values.held)), Number(values.held), values.out);
  } finally {
    for (const { subject } of subjects.values()) {
      await subject.ledger?.end();
      await subject.system.stop();
    }
    await servers.stop();
  }
}

await main();
