// Owns the timeline of a run as one drawing (SVG): throughput, latency and faults above one another, over the same time.
import { clock, count, plural } from './figures.ts';
import { type Markup, markup } from './markup.ts';
import type { Report, ReportedPeriod } from './summary.ts';
import { drawHints, drawLatency, drawThroughput } from './timeline-charts.ts';
import { drawLanes, lanesHeight, lanesOf } from './timeline-lanes.ts';
import { type Area, type Scale, timeScale } from './timeline-scales.ts';

const WIDTH = 1_100;
const LEFT = 96;
const RIGHT = WIDTH - 12;
const TOP = 24;
const THROUGHPUT_HEIGHT = 150;
const LATENCY_HEIGHT = 120;
const TITLE_HEIGHT = 32;
const AXIS_HEIGHT = 28;
const LABEL_WIDTH = 44;

export function timeline(report: Report): Markup {
  const lanes = lanesOf(report.faults);
  const throughput: Area = { left: LEFT, right: RIGHT, top: TOP + TITLE_HEIGHT, bottom: TOP + TITLE_HEIGHT + THROUGHPUT_HEIGHT };
  const latencyTop = throughput.bottom + TITLE_HEIGHT;
  const latency: Area = { left: LEFT, right: RIGHT, top: latencyTop, bottom: latencyTop + LATENCY_HEIGHT };
  const lanesTop = latency.bottom + TITLE_HEIGHT;
  const bottom = lanesTop + lanesHeight(lanes);
  const everything: Area = { left: LEFT, right: RIGHT, top: TOP, bottom };
  const time = timeScale(everything, report.lastedMs);
  return markup`<svg viewBox="0 0 ${WIDTH} ${bottom + AXIS_HEIGHT}" role="img" aria-labelledby="timeline-title timeline-description">
<title id="timeline-title">The run over time</title>
<desc id="timeline-description">${told(report)}</desc>
${drawPeriods(report.periods, everything, time)}
${drawTimeAxis(time, everything)}
<text class="chart-title" x="${LEFT}" y="${throughput.top - 10}">requests a second</text>
${drawThroughput(report.course, throughput, time)}
<text class="chart-title" x="${LEFT}" y="${latency.top - 10}">latency of what was served</text>
${drawLatency(report.course, latency, time)}
${drawHints(report.course, { ...throughput, bottom: latency.bottom }, time)}
<text class="chart-title" x="${LEFT}" y="${lanesTop - 10}">faults</text>
${drawLanes(lanes, time, LEFT, lanesTop)}
</svg>`;
}

function told({ course: { steps, stepMs }, faults, lastedMs }: Report): string {
  const busiest = steps.reduce((soFar, { served }) => Math.max(soFar, served), 0);
  const slowest = steps.reduce((soFar, { p99Ms }) => Math.max(soFar, p99Ms ?? 0), 0);
  const failed = steps.reduce((sum, step) => sum + step.failed, 0);
  return (
    `Requests served and failed a second, their latency, and ${plural(faults.length, 'fault')}, over ${clock(lastedMs)} minutes. ` +
    `At most ${count((busiest * 1_000) / stepMs)} a second were served, ${count(failed)} failed in all, ` +
    `and the slowest p99 of a step of ${plural(stepMs / 1_000, 'second')} was ${count(slowest)} ms. The tables below say the same in figures.`
  );
}

/** What had faults is shaded; the rest is named where its name has room. */
function drawPeriods(periods: readonly ReportedPeriod[], { top, bottom }: Area, time: Scale): Markup[] {
  return periods.map(({ name, fromMs, toMs }) => {
    const [left, width] = [time.at(fromMs), time.at(toMs) - time.at(fromMs)];
    if (name === 'faults') {
      return markup`<rect class="area shade" x="${left.toFixed(1)}" y="${top}" width="${width.toFixed(1)}" height="${bottom - top}"/>\n`;
    }
    if (width < LABEL_WIDTH) return markup``;
    return markup`<text x="${(left + width / 2).toFixed(1)}" y="${top - 6}" text-anchor="middle">${name}</text>\n`;
  });
}

function drawTimeAxis({ ticks, at }: Scale, { top, bottom }: Area): Markup[] {
  return ticks.map((ms) => {
    const x = at(ms).toFixed(1);
    return markup`<path class="grid" d="M${x} ${top}V${bottom}"/><text x="${x}" y="${bottom + 18}" text-anchor="middle">${clock(ms)}</text>`;
  });
}
