// Owns what a proof is: that a run against a broken copy ended with a violation, found by a check which looks for that very bug.
import type { Finding } from '../record.ts';
import type { Report } from '../report/summary.ts';
import { SABOTAGES, type SabotageName } from './catalogue.ts';

/** A run against a broken copy, and what came of it. */
export interface ProofResult {
  readonly sabotage: SabotageName;
  readonly seed: number;
  readonly durationMs: number;
  /** All that ended, those after the faults included. */
  readonly operations: number;
  readonly verdict: Report['verdict'];
  /** The checks that found violations, those that look for this bug first. */
  readonly caughtBy: readonly Catch[];
}

export interface Catch {
  /** Of the finding. */
  readonly id: string;
  readonly violations: number;
  /** How many operations had ended when the first violation could be seen; null where it is not tied to a moment. */
  readonly afterOperations: number | null;
}

/** @returns who caught it, those first who are expected to */
export function catchesOf(sabotage: SabotageName, findings: readonly Finding[]): readonly Catch[] {
  const isExpected = ({ id }: Catch): boolean => SABOTAGES[sabotage].expectedBy.includes(id);
  const all = findings
    .filter(({ violations }) => violations > 0)
    .map(({ id, violations, afterOperations }) => ({ id, violations, afterOperations }));
  return [...all.filter(isExpected), ...all.filter((one) => !isExpected(one))];
}

/** A verdict alone proves nothing: a check that examined nothing breaks it too. */
export function isProven({ sabotage, verdict, caughtBy }: ProofResult): boolean {
  return verdict === 'broken' && caughtBy.some(({ id }) => SABOTAGES[sabotage].expectedBy.includes(id));
}

/** @returns how one run went, in one line */
export function proofLine(result: ProofResult): string {
  const by = result.caughtBy.map(({ id, violations, afterOperations }) =>
    afterOperations === null ? `${id} (${violations})` : `${id} (${violations}, the first after ${afterOperations} operations)`,
  );
  const told = by.length === 0 ? 'nobody found anything' : `found by ${by.join(', ')}`;
  return `${result.sabotage}, seed ${result.seed}: ${isProven(result) ? 'caught' : 'NOT caught'}; ${told}`;
}

/** @returns the table of docs/reliability.md, in Markdown: a line for each sabotage */
export function proofTable(results: readonly ProofResult[]): string {
  const bySabotage = Map.groupBy(results, ({ sabotage }) => sabotage);
  return [
    '| sabotage | what was broken | caught by | after how many operations |',
    '|---|---|---|---|',
    ...[...bySabotage].map(([name, runs]) => `| \`${name}\` | ${SABOTAGES[name].breaks} | ${catchers(runs)} | ${counts(runs)} |`),
  ].join('\n');
}

/** Every check that found something on any seed; how many seeds, where it was not all. */
function catchers(runs: readonly ProofResult[]): string {
  const runsOf = Map.groupBy(
    runs.flatMap(({ caughtBy }) => caughtBy),
    ({ id }) => id,
  );
  const told = [...runsOf].map(([id, { length }]) => (length === runs.length ? id : `${id} (${length} of ${runs.length})`));
  return told.length === 0 ? 'nobody' : told.join(', ');
}

function counts(runs: readonly ProofResult[]): string {
  return runs.map((run) => `${soonest(run)} (seed ${run.seed})`).join(', ');
}

/** By the checks that look for this bug. */
function soonest(run: ProofResult): string {
  if (!isProven(run)) return '**not caught**';
  const moments = run.caughtBy
    .filter(({ id }) => SABOTAGES[run.sabotage].expectedBy.includes(id))
    .flatMap(({ afterOperations }) => afterOperations ?? []);
  return moments.length === 0 ? `at the end, ${run.operations}` : String(Math.min(...moments));
}
