// Owns the report as a page: one file that needs nothing from outside and no script, for light and dark, wide and narrow screens.
import { readFileSync } from 'node:fs';
import { recoveryOf, settlingOf } from './aftermath.ts';
import { count, duration, plural } from './figures.ts';
import { Markup, markup } from './markup.ts';
import { faultsTable, invariantsTable, operationsTables, periodsTable, stretchesTable, wordMark } from './page-tables.ts';
import type { Report, ReportedFinding, ReportedLiveness } from './summary.ts';
import { timeline } from './timeline.ts';
import { repeatCommand, verdictLine } from './verdict.ts';

const STYLE = new Markup(readFileSync(new URL('page.css', import.meta.url), 'utf8'));

export function htmlReport(report: Report): string {
  const { seed, verdict, invariants, faults, leftOut, byPeriod, byFault } = report;
  const failed = invariants.filter(({ held }) => !held);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${verdict}: holdfast under chaos, seed ${seed}</title>
<style>
${STYLE}</style>
</head>
<body>
<main>
<h1>holdfast under chaos · ${startOf(report)}</h1>
${verdictBox(report)}
${facts(report)}
${failed.map(brokenFinding)}
<h2>Over time</h2>
${legend(report)}
<div class="paper scroll" tabindex="0" role="region" aria-label="The run over time">${timeline(report)}</div>
<h2>Invariants</h2>
${invariantsTable(report)}
<h2>What callers met</h2>
<p class="soft">By when a request was sent. Available is what was answered with a status below 500, a refusal by the rules included, among all but the callers who meant to give up early. The flood is left out.</p>
${stretchesTable('By period', 'period', byPeriod)}
${byFault.length === 0 ? null : stretchesTable('While there was a fault of a kind, alone or beside others', 'fault', byFault)}
${periodsTable(report)}
<h2>Operations</h2>
${unknowns(report)}
${operationsTables(report)}
<h2>Faults</h2>
<p>${plural(faults.length, 'fault')} of ${plural(byFault.length, 'kind')} struck.</p>
${leftOut.map(({ kind, why }) => markup`<p>Left out: <strong>${kind}</strong>: ${why}</p>\n`)}
${faultsTable(report)}
<h2>Again</h2>
<p>The same plan and the same stories: <code>${repeatCommand(report)}</code></p>
<p>The same checks on what this run wrote down: <code>npm run chaos:check -- DIR</code></p>
</main>
</body>
</html>
`.text;
}

function startOf({ startedMs }: Report): string {
  return `${new Date(startedMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function verdictBox(report: Report): Markup {
  const { verdict, liveness } = report;
  const recovery = liveness === null ? 'The run ended before it could be seen how it recovers.' : toldLiveness(liveness);
  return markup`<div class="verdict ${verdict}"><strong>${verdictLine(report)}</strong><p>${recovery}</p></div>`;
}

function toldLiveness(liveness: ReportedLiveness): string {
  return `After the last fault was healed, throughput was ${recoveryOf(liveness)}, and ${settlingOf(liveness)}.`;
}

function facts({ seed, durationMs, instances, sabotage, operations, faults }: Report): Markup {
  const told: readonly (readonly [string, string])[] = [
    ['seed', String(seed)],
    ['faults for', duration(durationMs)],
    ['instances', count(instances)],
    ['operations', count(operations.total)],
    ['without an answer', count(operations.unknown.total)],
    ['faults', count(faults.length)],
    ...(sabotage === null ? [] : ([['sabotage', sabotage]] as const)),
  ];
  return markup`<dl class="facts">${told.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function brokenFinding(finding: ReportedFinding): Markup {
  const { id, title, detail, examples, violations, examined, afterOperations } = finding;
  const when = afterOperations === null ? '' : `, first seen after ${plural(afterOperations, 'operation')}`;
  const figures =
    examined === 0 ? 'Nothing was examined' : `${plural(violations, 'violation')} in ${count(examined)} examined${when}`;
  const more = violations - examples.length;
  return markup`<section class="paper finding">
<h3>${id} ${wordMark(finding)}</h3>
<p>${title}</p>
<p class="soft">${figures}.</p>
${detail === '' ? null : markup`<p class="soft">${detail}</p>`}
${examples.length === 0 ? null : markup`<ul>${examples.map((example) => markup`<li>${example}</li>\n`)}</ul>`}
${examples.length === 0 || more <= 0 ? null : markup`<p class="soft">… and ${count(more)} more</p>`}
</section>
`;
}

function legend({ course: { stepMs } }: Report): Markup {
  return markup`<ul class="legend">
<li><i class="served"></i>served</li>
<li><i class="failed"></i>5xx or no answer</li>
<li><i class="line p50"></i>p50</li>
<li><i class="line p99"></i>p99</li>
<li><i class="fault"></i>a fault</li>
<li><i class="shade"></i>a period with faults</li>
<li>in steps of ${plural(stepMs / 1_000, 'second')}; minutes and seconds since the start</li>
</ul>`;
}

function unknowns({ operations: { total, flood, unknown } }: Report): Markup {
  const resolved = unknown.resolved === null ? null : markup`<p>What they turned out to be (I7): ${unknown.resolved}</p>`;
  return markup`<p>${plural(total, 'operation')}, of which ${count(flood)} were the flood's. ${count(unknown.total)} got no answer: ${count(unknown.flood)} of the flood, and ${count(unknown.gaveUp)} whose callers meant to give up early.</p>
${resolved}`;
}
