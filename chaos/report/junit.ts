// Owns the report for machines that collect test results: JUnit's XML, one test case for each finding.
import { type Markup, markup } from './markup.ts';
import type { Report, ReportedFinding } from './summary.ts';
import { repeatCommand, verdictLine, wordOf } from './verdict.ts';

export function junitReport(report: Report): string {
  const { seed, durationMs, lastedMs, startedMs, instances, sabotage, operations, invariants } = report;
  const failures = invariants.filter(({ held }) => !held).length;
  const properties = {
    seed,
    durationMs,
    instances,
    sabotage: sabotage ?? 'none',
    operations: operations.total,
    verdict: verdictLine(report),
    repeat: repeatCommand(report),
  };
  const [seconds, at] = [(lastedMs / 1_000).toFixed(3), new Date(startedMs).toISOString().slice(0, 19)];
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="holdfast chaos" tests="${invariants.length}" failures="${failures}" errors="0" time="${seconds}">
  <testsuite name="chaos seed ${seed}" tests="${invariants.length}" failures="${failures}" errors="0" skipped="0" time="${seconds}" timestamp="${at}">
    <properties>
${Object.entries(properties).map(([name, value]) => markup`      <property name="${name}" value="${value}"/>\n`)}    </properties>
${invariants.map(testCase)}  </testsuite>
</testsuites>
`.text;
}

function testCase(finding: ReportedFinding): Markup {
  const { id, title, examined, violations, detail, examples } = finding;
  const name = markup`classname="holdfast.chaos" name="${id}: ${title}" time="0"`;
  const word = wordOf(finding);
  if (word === 'held') {
    return markup`    <testcase ${name}>\n      <system-out>${examined} examined. ${detail}</system-out>\n    </testcase>\n`;
  }
  const message = word === 'broken' ? `${violations} violations in ${examined} examined` : 'nothing was examined';
  return markup`    <testcase ${name}>
      <failure type="${word}" message="${message}">${[detail, ...examples].join('\n')}</failure>
    </testcase>
`;
}
