// Owns the report in the terminal: plain text in columns, the verdict last.
import { recoveryOf, settlingOf } from './aftermath.ts';
import { clock, count, duration, milliseconds, mostFirst, percent, plural } from './figures.ts';
import type { Report, ReportedFinding, Stretch } from './summary.ts';
import { checkCommand, repeatCommand, verdictLine, wordOf } from './verdict.ts';

const WIDTH = 110;
const MOST_EXAMPLES = 3;
const MOST_OUTCOMES = 12;

/** @param folder of the run, as the reader would write it */
export function terminalReport(report: Report, folder = 'DIR'): string {
  const sections = [
    heading(report),
    operations(report),
    stretches('period', report.byPeriod),
    stretches('while there was', report.byFault),
    leftOut(report),
    aftermath(report),
    report.invariants.map(invariantLine),
    ending(report, folder),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.trimEnd()).join('\n'))
    .join('\n\n');
}

function heading({ seed, durationMs, lastedMs, instances, sabotage, faults }: Report): string[] {
  const parts = [
    `seed ${seed}`,
    `${duration(durationMs)} of faults in ${duration(Math.round(lastedMs / 1_000) * 1_000)}`,
    plural(instances, 'instance'),
    plural(faults.length, 'fault'),
    ...(sabotage === null ? [] : [`sabotage ${sabotage}`]),
  ];
  return [parts.join(' · ')];
}

function operations({ operations: { total, flood, byKind, byOutcome, unknown }, calls }: Report): string[] {
  const kinds = mostFirst(byKind).map(([kind, number]) => `${kind} ${count(number)}`);
  const all = mostFirst(byOutcome).map(([outcome, number]) => `${outcome} ${count(number)}`);
  const outcomes =
    all.length <= MOST_OUTCOMES ? all : [...all.slice(0, MOST_OUTCOMES), `${all.length - MOST_OUTCOMES} more kinds`];
  return [
    ...labelled('operations', `${count(total)}, of which ${count(flood)} were the flood's`),
    ...labelled('by kind', kinds.join(' · ')),
    ...labelled('by outcome', outcomes.join(' · ')),
    ...labelled(
      'no answer',
      `${count(unknown.total)}: ${count(unknown.flood)} of the flood, ${count(unknown.gaveUp)} whose callers meant to give up early`,
    ),
    ...(unknown.resolved === null ? [] : labelled('resolved', unknown.resolved)),
    ...calls.flatMap(({ participant, total, byStatus }) => {
      const statuses = mostFirst(byStatus).map(([status, number]) => `${status} ${count(number)}`);
      return labelled(participant, `${plural(total, 'call')}: ${statuses.join(' · ')}`);
    }),
  ];
}

/** A name before text that goes on below itself. */
function labelled(label: string, text: string): string[] {
  const indent = 14;
  return wrapped(text, WIDTH - indent).map((line, place) => `${(place === 0 ? label : '').padEnd(indent)}${line}`);
}

function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '\ufffd')
    .split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const COLUMNS: readonly { readonly title: string; readonly width: number; figure(stretch: Stretch): string }[] = [
  { title: 'times', width: 6, figure: ({ times }) => count(times) },
  { title: 'lasted', width: 9, figure: ({ lastedMs }) => duration(Math.round(lastedMs / 100) * 100) },
  { title: 'operations', width: 11, figure: (stretch) => count(stretch.operations) },
  { title: 'available', width: 10, figure: ({ availability }) => percent(availability) },
  { title: '5xx', width: 7, figure: ({ serverErrors }) => count(serverErrors) },
  { title: 'no answer', width: 10, figure: ({ unanswered }) => count(unanswered) },
  { title: 'served/s', width: 9, figure: ({ throughput }) => count(throughput) },
  { title: 'p50 ms', width: 7, figure: ({ p50Ms }) => milliseconds(p50Ms) },
  { title: 'p99 ms', width: 7, figure: ({ p99Ms }) => milliseconds(p99Ms) },
  { title: 'max ms', width: 7, figure: ({ maxMs }) => milliseconds(maxMs) },
];

function stretches(title: string, rows: readonly Stretch[]): string[] {
  if (rows.length === 0) return [];
  const nameWidth = 24;
  const line = (name: string, cells: readonly string[]): string =>
    name.padEnd(nameWidth) + cells.map((cell, place) => cell.padStart(COLUMNS[place]?.width ?? 0)).join('');
  return [
    line(
      title,
      COLUMNS.map((column) => column.title),
    ),
    ...rows.map((row) =>
      line(
        row.name,
        COLUMNS.map((column) => column.figure(row)),
      ),
    ),
  ];
}

function leftOut({ leftOut, neverStruck }: Report): string[] {
  return [
    ...leftOut.flatMap(({ kind, why }) => labelled('left out', `${kind}: ${why}`)),
    ...(neverStruck.length === 0 ? [] : labelled('no turn', `${neverStruck.join(', ')}: the run was too short for them`)),
  ];
}

function aftermath({ liveness }: Report): string[] {
  if (liveness === null) return ['the run ended before it could be seen how it recovers'];
  return labelled('healed', `at ${clock(liveness.healedMs)}; throughput ${recoveryOf(liveness)}; ${settlingOf(liveness)}`);
}

function invariantLine(finding: ReportedFinding): string {
  const { id, title, examined, violations } = finding;
  const word = wordOf(finding);
  const figure = word === 'broken' ? `${count(violations)} of ${count(examined)}` : count(examined);
  const told = `${id.padEnd(14)}${(word === 'held' ? word : word.toUpperCase()).padEnd(13)}${figure.padStart(16)}  `;
  return told + (title.length + told.length <= WIDTH + 10 ? title : `${title.slice(0, WIDTH + 9 - told.length)}…`);
}

function ending(report: Report, folder: string): string[] {
  const failed = report.invariants.filter(({ held }) => !held);
  const told = failed.flatMap((finding) => {
    const { id, title, detail, examples, violations, afterOperations } = finding;
    const when = afterOperations === null ? '' : `, first seen after ${plural(afterOperations, 'operation')}`;
    const shown = examples.slice(0, MOST_EXAMPLES);
    const more = violations - shown.length;
    return [
      `${id} ${wordOf(finding)}: ${title}${when}`,
      ...(detail === '' ? [] : indented(detail, '  ')),
      ...shown.flatMap((example) => indented(example, '  - ')),
      ...(more > 0 && shown.length > 0 ? [`  … and ${count(more)} more`] : []),
      '',
    ];
  });
  return [...told, `repeat:     ${repeatCommand(report)}`, `look again: ${checkCommand(folder)}`, verdictLine(report)];
}

function indented(text: string, first: string): string[] {
  return wrapped(text, WIDTH - first.length).map((line, place) => (place === 0 ? first : ' '.repeat(first.length)) + line);
}
