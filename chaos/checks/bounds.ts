// Owns the check that everything has a bound (I12), as far as it shows from outside: memory and its growth, calls at a time, attempts
// that are kept, and, in every look, the delay of retries.
import type { Evidence } from '../evidence/evidence.ts';
import type { CallRecord, Finding } from '../record.ts';
import { ATTEMPTS_KEPT, attemptsByBranch } from './attempts.ts';
import { type Collector, collectorOf } from './finding.ts';
import { examineSamples } from './samples.ts';

/** A coordinator that has everything full: queues, two batches, what is remembered, and what the collector has not taken yet. */
const MOST_MEMORY_BYTES = 1.5 * 1024 ** 3;
/** What is not bounded grows as the run goes on; what is warmed up, and what a flood fills, comes to less. */
const MOST_GROWTH = 2;
const GROWTH_FOR_FREE_BYTES = 200 * 1024 ** 2;
/** Fewer answers are no flood: something else was in trouble all the time. */
const LEAST_FLOOD = 500;
/** Fewer looks say nothing about growth. */
const LEAST_LOOKS = 30;
/** As the participants of a run are registered, for each coordinator. */
const CALLS_AT_A_TIME = 32;

export function checkBounds(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'I12', 'Every queue, batch, retry delay and cache has a bound');
  const mostMemory = examineMemory(evidence, collector);
  examineGrowth(evidence, collector);
  const mostCalls = examineCalls(evidence, collector);
  examineAttempts(evidence, collector);
  const refused = examineFloods(evidence, collector);
  examineSamples(evidence, 'I12', collector);
  return collector.finding(
    `at most ${Math.round(mostMemory / 1024 ** 2)} MiB in a coordinator, ${mostCalls} calls at a time at a participant; ${refused.toLocaleString('en')} commands found a full queue`,
  );
}

function examineMemory({ samples }: Evidence, collector: Collector): number {
  let most = 0;
  for (const { memory, atMs } of samples) {
    memory.forEach((bytes, index) => {
      if (bytes === null) return;
      collector.examine();
      most = Math.max(most, bytes);
      if (bytes > MOST_MEMORY_BYTES) collector.violate(`coordinator-${index} held ${Math.round(bytes / 1024 ** 2)} MiB`, atMs);
    });
  }
  return most;
}

/** Each coordinator's memory in the last third of the run, beside that in the first. */
function examineGrowth({ samples, run }: Evidence, collector: Collector): void {
  for (let index = 0; index < run.instances; index += 1) {
    const looks = samples.map(({ memory }) => memory[index] ?? null).filter((bytes) => bytes !== null);
    if (looks.length < LEAST_LOOKS) continue;
    collector.examine();
    const third = Math.floor(looks.length / 3);
    const [early, late] = [medianOf(looks.slice(0, third)), medianOf(looks.slice(-third))];
    if (late <= early * MOST_GROWTH + GROWTH_FOR_FREE_BYTES) continue;
    const [from, to] = [early, late].map((bytes) => Math.round(bytes / 1024 ** 2));
    collector.violate(`coordinator-${index} grew from ${from} MiB to ${to} MiB`, samples.at(-1)?.atMs ?? null);
  }
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function examineCalls({ calls, run }: Evidence, collector: Collector): number {
  let most = 0;
  for (const [participant, own] of Map.groupBy(calls, (call) => call.participant)) {
    collector.examine(own.length);
    const { count, atMs } = mostAtATime(own);
    most = Math.max(most, count);
    if (count > CALLS_AT_A_TIME * run.instances) collector.violate(`${participant} had ${count} calls at a time`, atMs);
  }
  return most;
}

/** Of those that were answered: whether a caller who had gone still holds one cannot be told. */
function mostAtATime(calls: readonly CallRecord[]): { readonly count: number; readonly atMs: number } {
  const moments = calls.flatMap(({ receivedMs, answeredMs }) =>
    answeredMs === null
      ? []
      : [
          { atMs: receivedMs, change: 1 },
          { atMs: answeredMs, change: -1 },
        ],
  );
  // An answer makes room for the call of the same millisecond.
  moments.sort((a, b) => a.atMs - b.atMs || a.change - b.change);
  let count = 0;
  let most = { count: 0, atMs: 0 };
  for (const { atMs, change } of moments) {
    count += change;
    if (count > most.count) most = { count, atMs };
  }
  return most;
}

/**
 * Ten times as many ask at once as a coordinator's queue holds: where none of them is told so, the queue has no bound. Those of whom
 * nobody was answered say nothing.
 */
function examineFloods({ operations, faults }: Evidence, collector: Collector): number {
  const flood = operations.filter(({ isFlood, outcome }) => isFlood && outcome.kind === 'answer');
  let refused = 0;
  for (const { outcome } of flood) if (outcome.kind === 'answer' && outcome.code === 'overloaded') refused += 1;
  const floods = faults.filter(({ kind }) => kind === 'flood');
  if (floods.length === 0 || flood.length < LEAST_FLOOD) return refused;
  collector.examine(flood.length);
  if (refused === 0)
    collector.violate(`a flood of ${flood.length} answered requests met no full queue`, floods[0]?.fromMs ?? null);
  return refused;
}

function examineAttempts(evidence: Evidence, collector: Collector): void {
  for (const [branchId, kept] of attemptsByBranch(evidence)) {
    collector.examine();
    if (kept.length > ATTEMPTS_KEPT) collector.violate(`${kept.length} attempts of branch ${branchId} are kept`, null);
  }
}
