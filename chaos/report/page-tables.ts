// Owns the tables of the report's page: invariants, service, operations, faults and periods.
import { clock, count, duration, milliseconds, mostFirst, percent, plural } from './figures.ts';
import { type Content, type Markup, markup } from './markup.ts';
import type { Service } from './service.ts';
import type { Report, ReportedFault, ReportedFinding, ReportedPeriod, Stretch } from './summary.ts';
import { type Column, table } from './table.ts';
import { wordOf } from './verdict.ts';

/** What a run of hours may show of each; report.json has the rest. */
const MOST_ROWS = 2_000;

const SERVICE: readonly Column<Service>[] = [
  { title: 'operations', as: 'figure', cell: ({ operations }) => count(operations) },
  { title: 'available', as: 'figure', cell: ({ availability }) => percent(availability) },
  { title: '5xx', as: 'figure', cell: ({ serverErrors }) => count(serverErrors) },
  { title: 'no answer', as: 'figure', cell: ({ unanswered }) => count(unanswered) },
  { title: 'gave up', as: 'figure', cell: ({ gaveUp }) => count(gaveUp) },
  { title: 'served/s', as: 'figure', cell: ({ throughput }) => count(throughput) },
  { title: 'p50 ms', as: 'figure', cell: ({ p50Ms }) => milliseconds(p50Ms) },
  { title: 'p99 ms', as: 'figure', cell: ({ p99Ms }) => milliseconds(p99Ms) },
  { title: 'max ms', as: 'figure', cell: ({ maxMs }) => milliseconds(maxMs) },
];

export function invariantsTable({ invariants }: Report): Markup {
  const columns: readonly Column<ReportedFinding>[] = [
    { title: 'id', as: 'name', cell: ({ id }) => id },
    { title: 'verdict', as: 'text', cell: wordMark },
    { title: 'what it says', as: 'prose', cell: ({ title }) => title },
    { title: 'examined', as: 'figure', cell: ({ examined }) => count(examined) },
    { title: 'violations', as: 'figure', cell: ({ violations }) => count(violations) },
    { title: 'what was examined', as: 'prose', cell: ({ detail }) => detail },
  ];
  return table('Every check, and what it looked at', columns, invariants);
}

export function wordMark(finding: ReportedFinding): Markup {
  const word = wordOf(finding);
  return markup`<span class="word ${word.replace(' ', '-')}">${word}</span>`;
}

export function stretchesTable(caption: string, firstTitle: string, rows: readonly Stretch[]): Markup {
  const columns: readonly Column<Stretch>[] = [
    { title: firstTitle, as: 'name', cell: ({ name }) => name },
    { title: 'times', as: 'figure', cell: ({ times }) => count(times) },
    { title: 'lasted', as: 'figure', cell: ({ lastedMs }) => duration(Math.round(lastedMs / 100) * 100) },
    ...SERVICE,
  ];
  return table(caption, columns, rows);
}

export function periodsTable({ periods }: Report): Markup {
  const columns: readonly Column<ReportedPeriod>[] = [
    { title: 'from', as: 'figure', cell: ({ fromMs }) => clock(fromMs, 1) },
    { title: 'to', as: 'figure', cell: ({ toMs }) => clock(toMs, 1) },
    { title: 'period', as: 'name', cell: ({ name }) => name },
    { title: 'faults', as: 'prose', cell: ({ faults }) => faults.join(', ') },
    ...SERVICE,
  ];
  return folded(plural(periods.length, 'period'), 'Every period', columns, periods);
}

export function faultsTable({ faults }: Report): Markup {
  const columns: readonly Column<ReportedFault>[] = [
    { title: 'from', as: 'figure', cell: ({ fromMs }) => clock(fromMs, 1) },
    { title: 'to', as: 'figure', cell: ({ toMs }) => clock(toMs, 1) },
    { title: 'kind', as: 'name', cell: ({ kind }) => kind },
    { title: 'target', as: 'text', cell: ({ target }) => target },
    { title: 'note', as: 'text', cell: ({ note }) => note },
  ];
  return folded(plural(faults.length, 'fault'), 'Every fault', columns, faults);
}

function folded<Row>(summary: string, caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Markup {
  const shown = rows.slice(0, MOST_ROWS);
  const more =
    rows.length > shown.length
      ? markup`<p class="soft">The first ${count(shown.length)} are shown; report.json has them all.</p>`
      : null;
  return markup`<details><summary>${summary}</summary>${table(caption, columns, shown)}${more}</details>`;
}

export function operationsTables({ operations: { byKind, byOutcome }, calls }: Report): Markup {
  const toParticipants = calls.flatMap(({ participant, byStatus }) =>
    mostFirst(byStatus).map(([status, number]): Counted => [markup`${participant} · ${status}`, number]),
  );
  return markup`<div class="pair">
${countsTable('Operations by kind', 'kind', mostFirst(byKind))}
${countsTable('Operations by outcome', 'answer', mostFirst(byOutcome))}
${countsTable('Calls that reached participants', 'participant · its answer', toParticipants)}
</div>`;
}

type Counted = readonly [Content, number];

function countsTable(caption: string, title: string, rows: readonly Counted[]): Markup {
  const columns: readonly Column<Counted>[] = [
    { title, as: 'name', cell: ([name]) => name },
    { title: 'how many', as: 'figure', cell: ([, number]) => count(number) },
  ];
  return table(caption, columns, rows);
}
