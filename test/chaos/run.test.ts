// Owns a short run of chaos with a seed: every kind of fault strikes a real cluster within a minute, and every invariant holds.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { check } from '../../chaos/checks/check.ts';
import { type Evidence, readEvidence, type TransactionRow } from '../../chaos/evidence/evidence.ts';
import { FAULT_KINDS } from '../../chaos/faults/plan.ts';
import type { ExitRecord } from '../../chaos/record.ts';
import { atTheEnd } from '../support/end.ts';
import { makeFolderForTheRun } from '../support/folder.ts';
import { childrenOf, livingAmong } from '../support/process-tree.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const SEED = 4;
/** As long as it takes for every kind of fault to have its turn. */
const DURATION = '60s';
const LIMIT_MS = 240_000;

interface ReportFile {
  readonly seed: number;
  readonly durationMs: number;
  readonly instances: number;
  readonly operations: { readonly total: number; readonly byKind: object; readonly byOutcome: Readonly<Record<string, number>> };
  readonly faults: readonly { readonly kind: string; readonly target: string; readonly fromMs: number; readonly toMs: number }[];
  readonly leftOut: readonly { readonly kind: string }[];
  readonly invariants: readonly { readonly id: string; readonly examined: number; readonly violations: number }[];
  readonly verdict: string;
}

interface Command {
  readonly child: ChildProcess;
  /** What it printed so far. */
  output(): string;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

/** @param temporaryFolder where everything it makes for itself goes */
function begin(script: string, args: readonly string[], temporaryFolder = tmpdir()): Command {
  const child = spawn(process.execPath, ['--conditions=holdfast-source', join(ROOT, 'chaos', script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporaryFolder },
  });
  atTheEnd(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return { child, output: () => output, ended: once(child, 'close').then(([code]) => ({ code, output })) };
}

const descendantsOf = (pid: number): number[] => childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);

const run = (script: string, args: readonly string[]): Command['ended'] => begin(script, args).ended;

/** What a judge must see through: a real run's evidence, with one thing in it that cannot be. */
const DOCTORED: readonly (readonly [title: string, id: string, doctor: (evidence: Evidence) => Partial<Evidence>])[] = [
  [
    'branches that are done though every participant failed',
    'participants',
    ({ calls }) => ({ calls: calls.map((call) => ({ ...call, status: 500 })) }),
  ],
  [
    'branches that nobody was asked to confirm',
    'participants',
    ({ calls }) => ({ calls: calls.filter(({ phase }) => phase !== 'confirm') }),
  ],
  [
    'a coordinator that ended by itself',
    'exits',
    ({ exits, run }) => ({ exits: [...exits, exitOf(run.startedMs, { order: null, code: 1 })] }),
  ],
  [
    'a coordinator that did not end in order',
    'exits',
    ({ exits, run }) => ({ exits: [...exits, exitOf(run.startedMs, { order: 'terminate', code: 1 })] }),
  ],
  ['releases that waited for Redis', 'I10', (evidence) => ({ transactions: releasedLater(evidence, 8_500) })],
  ['releases that came late though all was well', 'rule 5', (evidence) => ({ transactions: releasedLater(evidence, 4_000) })],
  ['transactions that waited for their dead coordinator', 'I11', (evidence) => ({ transactions: waitedForTheDead(evidence) })],
  [
    'a branch that was asked by two at once',
    'fence',
    ({ attempts }) => ({ attempts: attempts.map((attempt) => ({ ...attempt, durationMs: 60_000 })) }),
  ],
];

function exitOf(atMs: number, how: Pick<ExitRecord, 'order' | 'code'>): ExitRecord {
  const rest = { startedMs: atMs, atMs, signal: null, wasServing: true, lastLines: 'the end' };
  return { type: 'exit', target: 'coordinator-0', ...rest, ...how };
}

function releasedLater({ transactions }: Evidence, lateMs: number): Evidence['transactions'] {
  const later = ([id, row]: [string, TransactionRow]): [string, TransactionRow] => {
    return [id, row.reason === 'expired' ? { ...row, decidedMs: row.expiresMs + lateMs } : row];
  };
  return new Map([...transactions].map(later));
}

/** Whatever happened while a coordinator was away happened once it was back. */
function waitedForTheDead({ transactions, faults }: Evidence): Evidence['transactions'] {
  const away = faults.find(({ kind }) => kind === 'coordinator-away');
  const backMs = (atMs: number): number => (away !== undefined && atMs > away.fromMs && atMs < away.toMs ? away.toMs : atMs);
  return new Map(
    [...transactions].map(([id, row]) => {
      const events = row.events.map((event) => ({ ...event, atMs: backMs(event.atMs) }));
      return [id, { ...row, events, decidedMs: row.decidedMs === null ? null : backMs(row.decidedMs) }];
    }),
  );
}

describe('a run of chaos', function () {
  this.timeout(LIMIT_MS);
  let folder = '';
  let report: ReportFile;

  before(async () => {
    folder = join(await makeFolderForTheRun(), 'run');
    const { code, output } = await run('run.ts', ['--seed', String(SEED), '--duration', DURATION, '--out', folder]);
    expect(code, output).to.equal(0);
    report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as ReportFile;
  });

  it('had every kind of fault strike that can be done here', () => {
    const struck = new Set([...report.faults, ...report.leftOut].map(({ kind }) => kind));
    expect(FAULT_KINDS.map(({ name }) => name).filter((name) => !struck.has(name))).to.deep.equal([]);
    for (const { fromMs, toMs } of report.faults) expect(toMs).to.be.at.least(fromMs);
    // These two need more than a file: an account that may mount, and a library of the system.
    expect(report.leftOut.every(({ kind }) => kind === 'postgres-disk' || kind === 'coordinator-clock')).to.equal(true);
  });

  it('examined every invariant, and found each held', () => {
    expect(report.verdict).to.equal('held');
    expect(report.invariants.map(({ id }) => id)).to.include.members(
      Array.from({ length: 12 }, (_, index) => `I${index + 1}`).concat('per-SKU model'),
    );
    expect(report.invariants.filter(({ examined, violations }) => examined === 0 || violations > 0)).to.deep.equal([]);
  });

  it('asked much, and some of it got no answer', () => {
    expect(report.seed).to.equal(SEED);
    expect(report.durationMs).to.equal(60_000);
    expect(report.instances).to.equal(3);
    expect(report.operations.total).to.be.above(2_000);
    expect(report.operations.byOutcome.unknown ?? 0).to.be.above(10);
  });

  it('can be judged again from its files, and repeats its verdict', async () => {
    const { code, output } = await run('check.ts', [folder]);
    expect(code, output).to.equal(0);
    const again = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as ReportFile;
    expect(again).to.deep.equal(report);
  });

  it('is not held where nobody looked', async () => {
    const evidence = await readEvidence(folder);
    const calls = evidence.calls.map((call) => ({ ...call, seen: null }));
    const findings = check({ ...evidence, samples: [], calls });
    for (const id of ['looks', 'I9']) expect(findings.find((finding) => finding.id === id)?.examined, id).to.equal(0);
  });

  for (const [title, id, doctor] of DOCTORED) {
    it(`would have shown ${title}`, async () => {
      const evidence = await readEvidence(folder);
      const found = check({ ...evidence, ...doctor(evidence) }).find((finding) => finding.id === id);
      expect(found?.violations).to.be.above(0);
    });
  }
});

describe('the command of a run of chaos', function () {
  this.timeout(60_000);

  it('ends what it started when it is interrupted, and leaves no process and no folder', async () => {
    const [temporary, out] = [await makeFolderForTheRun(), await makeFolderForTheRun()];
    const command = begin('run.ts', ['--seed', '1', '--faults', 'coordinator', '--out', out], temporary);
    while (!command.output().includes('operations/s without faults')) {
      expect(command.child.exitCode, command.output()).to.equal(null);
      await delay(50);
    }
    expect(await readdir(temporary)).to.not.deep.equal([]);
    const started = descendantsOf(command.child.pid ?? 0);
    // PostgreSQL, Redis, three participants and three coordinators, at least.
    expect(started.length).to.be.at.least(8);
    command.child.kill('SIGINT');
    const { code, output } = await command.ended;
    expect(code, output).to.equal(2);
    expect(livingAmong(started)).to.deep.equal([]);
    expect(await readdir(temporary)).to.deep.equal([]);
  });

  it('says what is wrong with its options, and that nothing was run', async () => {
    for (const args of [
      ['--faults', 'earthquake'],
      ['--duration', '1'],
      ['--instances', '0'],
      ['--sabotage', 'x'],
      ['--nonsense'],
    ]) {
      const { code, output } = await run('run.ts', args);
      expect(code, output).to.equal(2);
      expect(output).to.include('npm run chaos -- [--seed N]');
    }
  });

  it('cannot judge what is no run', async () => {
    expect((await run('check.ts', [])).code).to.equal(2);
    expect((await run('check.ts', [await makeFolderForTheRun()])).code).to.equal(2);
  });
});
