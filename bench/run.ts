// Owns the quick bench: ceiling, baseline and holdfast side by side, with participants too, interleaved, in under three minutes.
// npm run bench -- [--out FILE] [--rounds N] [--seconds N] [--systems ceiling,baseline,holdfast]
import { parseArgs } from 'node:util';
import { type BranchRounds, branchTable, branchVerdict, startBranchRounds } from './branch-rounds.ts';
import { connect, createDatabase, writesSoFar } from './database.ts';
import { settle } from './generate.ts';
import { type Pattern, runLoad, wrkIsInstalled } from './load.ts';
import type { Measurement } from './measurement.ts';
import { type PrivateServers, startPrivateServers } from './private-servers.ts';
import { describeMachine, keep, measurementTable, verdictTable } from './report.ts';
import { measure, measureBatch, type Subject } from './session.ts';
import { sellOut, stockBaseline, stockHoldfast } from './stocking.ts';
import { type SystemName, startSystem } from './system.ts';
import { verdicts, type WritesPerRefusal } from './targets.ts';

type Subjects = Partial<Record<SystemName, Subject>>;
/** System, pattern and connections of one run. */
type Step = readonly [SystemName, Pattern, number];

const BATCH_SIZE = 500;
const WARM_UP = { pattern: 'uniform', connections: 128, seconds: 2, pauseMs: 0 } as const;

/** The order turns around every round, so that neither of two neighbours always comes first. */
function mainRound(round: number): Step[] {
  const pair: Step[] = [
    ['holdfast', 'uniform', 128],
    ['holdfast', 'hot', 128],
  ];
  return [
    ['baseline', 'uniform', 128],
    ['ceiling', 'uniform', 128],
    ...(round % 2 === 0 ? pair : pair.toReversed()),
    ['holdfast', 'zipf', 128],
    ['ceiling', 'sold-out', 128],
    ['holdfast', 'sold-out', 128],
  ];
}

/** Once: no target hangs on them. */
const SIDE_ROUND: readonly Step[] = [16, 512].flatMap((connections): Step[] => [
  ['ceiling', 'uniform', connections],
  ['baseline', 'uniform', connections],
  ['holdfast', 'uniform', connections],
]);
const BASELINE_ONCE: readonly Step[] = [
  ['baseline', 'zipf', 128],
  ['baseline', 'hot', 128],
];

async function startSubject(name: SystemName, servers: PrivateServers): Promise<Subject> {
  const database = await createDatabase(servers.postgresUrl, name);
  const system = await startSystem(name, database, servers.redisUrl);
  const ledger = name === 'ceiling' ? null : await connect(database);
  if (name === 'baseline' && ledger !== null) await stockBaseline(ledger);
  if (name === 'holdfast') {
    await stockHoldfast(system.url);
    await sellOut(system.url);
  }
  // Code is compiled and pools are filled before anything counts. What this stores is audited with the first run.
  await runLoad(system.url, WARM_UP);
  return { system, ledger, tried: 0, confirmed: 0 };
}

async function runSteps(subjects: Subjects, steps: readonly Step[], seconds: number, round: number): Promise<Measurement[]> {
  const runs: Measurement[] = [];
  for (const [name, pattern, connections] of steps) {
    const subject = subjects[name];
    if (subject !== undefined) runs.push(await measure(subject, { pattern, connections, seconds, pauseMs: 0 }, round));
  }
  return runs;
}

async function runBatches(subjects: Subjects, seconds: number, round: number): Promise<Measurement[]> {
  const runs: Measurement[] = [];
  for (const minimal of [false, true]) {
    for (const subject of [subjects.ceiling, subjects.holdfast]) {
      if (subject !== undefined) runs.push(await measureBatch(subject, BATCH_SIZE, minimal, seconds, round));
    }
  }
  return runs;
}

/** What a refusal writes, seen from the server: taken apart from the other runs, so that nothing else writes meanwhile. */
async function writesPerRefusal(subject: Subject | undefined): Promise<WritesPerRefusal | null> {
  if (subject === undefined || subject.ledger === null) return null;
  await settle(subject.ledger);
  const before = await writesSoFar(subject.ledger);
  const { refused } = await runLoad(subject.system.url, { ...WARM_UP, pattern: 'sold-out' });
  const after = await writesSoFar(subject.ledger);
  return {
    transactionIds: (after.transactionIds - before.transactionIds) / refused,
    walBytes: (after.walBytes - before.walBytes) / refused,
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      systems: { type: 'string', default: 'ceiling,baseline,holdfast' },
    },
  });
  const seconds = Number(values.seconds);
  const machine = describeMachine();
  const begunAt = performance.now();
  console.log(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load by ${wrkIsInstalled() ? 'wrk' : 'autocannon'}`);
  const servers = await startPrivateServers();
  const subjects: Subjects = {};
  let branches: BranchRounds | null = null;
  try {
    for (const name of ['ceiling', 'baseline', 'holdfast'] as const) {
      if (values.systems.split(',').includes(name)) subjects[name] = await startSubject(name, servers);
    }
    const writes = await writesPerRefusal(subjects.holdfast);
    if (subjects.holdfast !== undefined) branches = await startBranchRounds(subjects.holdfast);
    const runs: Measurement[] = [];
    for (let round = 0; round < Number(values.rounds); round += 1) {
      runs.push(...(await runSteps(subjects, mainRound(round), seconds, round)));
      if (branches !== null) runs.push(...(await branches.round(seconds, round)));
      if (round === 0) runs.push(...(await runSteps(subjects, SIDE_ROUND, seconds, round)));
      if (round <= 1) runs.push(...(await runBatches(subjects, seconds, round)));
    }
    runs.push(...(await runSteps(subjects, BASELINE_ONCE, seconds, 0)));
    const found = [...verdicts(runs, writes), branchVerdict(runs)];
    const tookS = (performance.now() - begunAt) / 1000;
    console.log(`\n${measurementTable(runs)}\n\n${branches === null ? '' : `${branchTable(runs)}\n\n`}${verdictTable(found)}\n`);
    const file = await keep(
      'bench',
      { date: new Date().toISOString(), machine, tookS, runs, writes, verdicts: found },
      values.out,
    );
    console.log(
      `I1–I3 held after every run, and confirmed transactions have their branches confirmed. ${tookS.toFixed(0)} s in all; written to ${file}`,
    );
  } finally {
    await branches?.stop();
    for (const subject of Object.values(subjects)) {
      await subject.ledger?.end();
      await subject.system.stop();
    }
    await servers.stop();
  }
}

await main();
