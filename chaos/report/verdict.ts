// Owns the words of the verdict, and the commands with which a reader looks again or repeats the run.
import { FAULT_KINDS } from '../faults/plan.ts';
import type { Report, ReportedFinding } from './summary.ts';

/** A check that looked at nothing has a word of its own: it is not held, and nothing was found either. */
export type FindingWord = 'held' | 'broken' | 'not examined';

export function wordOf({ held, examined }: ReportedFinding): FindingWord {
  if (held) return 'held';
  return examined === 0 ? 'not examined' : 'broken';
}

/** `held: 14 of 14 invariants`, or `broken: I6; not examined: I9`. */
export function verdictLine({ verdict, invariants }: Report): string {
  if (invariants.length === 0) return 'not examined: nothing was checked';
  const held = invariants.filter((finding) => finding.held).length;
  if (verdict === 'held') return `held: ${held} of ${invariants.length} invariants`;
  const ids = (word: FindingWord): string[] => invariants.filter((finding) => wordOf(finding) === word).map(({ id }) => id);
  const told = (['broken', 'not examined'] as const).flatMap((word) =>
    ids(word).length === 0 ? [] : `${word}: ${ids(word).join(', ')}`,
  );
  return `${told.join('; ')} (${held} of ${invariants.length} held)`;
}

/** Draws the same plan and the same stories again. */
export function repeatCommand({ seed, durationMs, instances, faultKinds, leftOut, sabotage }: Report): string {
  const asked = new Set([...faultKinds, ...leftOut.map(({ kind }) => kind)]);
  const isEverything = sabotage === null && FAULT_KINDS.every(({ name }) => asked.has(name));
  return [
    `npm run chaos -- --seed ${seed}`,
    `--duration ${durationMs % 1_000 === 0 ? `${durationMs / 1_000}s` : `${durationMs}ms`}`,
    `--instances ${instances}`,
    ...(isEverything ? [] : [`--faults ${faultKinds.join(',')}`]),
    ...(sabotage === null ? [] : [`--sabotage ${sabotage}`]),
  ].join(' ');
}

/** @param folder of the run */
export function checkCommand(folder: string): string {
  return `npm run chaos:check -- ${/^[\w./-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", "'\\''")}'`}`;
}
