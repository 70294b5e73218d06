// Owns one running bench: its systems, what they were measured at, and the check after every run that their ledgers add up.
import type pg from 'pg';
import type { BareCaller } from './bare-calls.ts';
import { runBatchLoad } from './batch-load.ts';
import { checkInvariants, InvariantsBroken, storedCounts } from './database.ts';
import { type Load, runLoad } from './load.ts';
import type { Measurement } from './measurement.ts';
import type { System } from './system.ts';
import { BATCH_CONNECTIONS } from './targets.ts';

/** A system together with its ledger and what its answers promised so far. */
export interface Subject {
  readonly system: System;
  /** Null for those that keep nothing. */
  readonly ledger: pg.Client | null;
  tried: number;
  confirmed: number;
}

interface Answered {
  readonly tried: number;
  readonly confirmed: number;
}

/** I1–I3, that all branches of a confirmed transaction are confirmed, and I6 as far as it shows from outside: all that was answered is stored. */
async function audit(subject: Subject, answered: Answered): Promise<void> {
  const { system, ledger } = subject;
  if (ledger === null || (system.name !== 'holdfast' && system.name !== 'baseline')) return;
  subject.tried += answered.tried;
  subject.confirmed += answered.confirmed;
  await checkInvariants(ledger, system.name);
  const stored = await storedCounts(ledger, system.name);
  if (stored.tried < subject.tried || stored.confirmed < subject.confirmed) {
    throw new InvariantsBroken(`I6 of ${system.name}`, {
      stored,
      answered: { tried: subject.tried, confirmed: subject.confirmed },
    });
  }
}

function say(run: Measurement, sample: string): void {
  const figures = `${Math.round(run.perSecond).toLocaleString('en').padStart(9)}/s  p99 ${run.p99Ms.toFixed(1).padStart(7)} ms`;
  const load = `${run.scenario}, ${run.connections} connections`;
  console.log(
    `  ${run.system.padEnd(11)} ${load.padEnd(28)} ${figures}${run.unexpected > 0 ? `  ${run.unexpected} UNEXPECTED: ${sample}` : ''}`,
  );
}

/** Drives one system with Try and Confirm, and audits it. */
export async function measure(subject: Subject, load: Load, round: number): Promise<Measurement> {
  const result = await runLoad(subject.system.url, load);
  const expectedRefusals = load.pattern === 'sold-out' ? result.refused : 0;
  const run: Measurement = {
    system: subject.system.name,
    scenario: load.pattern,
    connections: load.connections,
    round,
    perSecond: result.requestsPerSecond,
    p50Ms: result.latencyMs.p50,
    p99Ms: result.latencyMs.p99,
    maxMs: result.latencyMs.max,
    unexpected: result.failed + result.refused - expectedRefusals + result.socketErrors,
    generator: result.generator,
    clientCpuShare: null,
  };
  say(run, result.sample);
  await audit(subject, result);
  return run;
}

/** Drives one system with batches, and audits it. */
export async function measureBatch(
  subject: Subject,
  size: number,
  minimal: boolean,
  seconds: number,
  round: number,
): Promise<Measurement> {
  const result = await runBatchLoad(subject.system.url, size, minimal, seconds);
  const run: Measurement = {
    system: subject.system.name,
    scenario: minimal ? 'batch minimal' : 'batch whole',
    connections: BATCH_CONNECTIONS,
    round,
    perSecond: result.operationsPerSecond,
    p50Ms: null,
    p99Ms: result.callP99Ms,
    maxMs: null,
    unexpected: result.failed,
    generator: 'node:http',
    clientCpuShare: result.clientCpuShare,
  };
  say(run, result.sample);
  await audit(subject, result);
  return run;
}

/** Has the participants called without a coordinator. */
export async function measureBareCalls(
  caller: BareCaller,
  participant: System,
  connections: number,
  seconds: number,
  round: number,
): Promise<Measurement> {
  const result = await caller.run({ url: participant.url, connections, seconds });
  const run: Measurement = {
    system: participant.name,
    scenario: 'bare calls',
    connections,
    round,
    perSecond: result.callsPerSecond,
    p50Ms: result.latencyMs.p50,
    p99Ms: result.latencyMs.p99,
    maxMs: result.latencyMs.max,
    unexpected: result.failed,
    generator: 'undici',
    clientCpuShare: result.clientCpuShare,
  };
  say(run, result.sample);
  return run;
}
