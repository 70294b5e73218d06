// Owns the two charts of the timeline: how much was served and how much failed, and how long callers waited.
import { clock, count, milliseconds } from './figures.ts';
import { type Markup, markup } from './markup.ts';
import type { Series, Step } from './series.ts';
import { type Area, latencyScale, numberScale, type Scale } from './timeline-scales.ts';

/** Where anything failed at all it can be seen, however much was served beside it. */
const LEAST_FAILED_HEIGHT = 1.5;

export function drawThroughput({ steps, stepMs }: Series, area: Area, time: Scale): Markup {
  const aSecond = (number: number): number => (number * 1_000) / stepMs;
  const most = steps.reduce((soFar, { served, failed }) => Math.max(soFar, served + failed), 0);
  const scale = numberScale(area, aSecond(most));
  const columns = steps.map(({ served, failed }, place): Column => {
    const [left, right] = sidesOf(place, stepMs, time);
    const servedTop = scale.at(aSecond(served));
    const failedTop = failed === 0 ? servedTop : Math.min(scale.at(aSecond(served + failed)), servedTop - LEAST_FAILED_HEIGHT);
    return { left, right, servedTop, failedTop };
  });
  const served = columns.map(({ left, right, servedTop }) => `L${round(left)} ${round(servedTop)}H${round(right)}`);
  const failed = columns.map(({ left, right, servedTop, failedTop }) =>
    failedTop === servedTop ? '' : `M${round(left)} ${round(servedTop)}V${round(failedTop)}H${round(right)}V${round(servedTop)}Z`,
  );
  return markup`${drawGrid(scale, area, count)}
<path class="area served" d="M${round(area.left)} ${round(area.bottom)}${served.join('')}V${round(area.bottom)}Z"/>
<path class="area failed" d="${failed.join('')}"/>
`;
}

interface Column {
  readonly left: number;
  readonly right: number;
  readonly servedTop: number;
  readonly failedTop: number;
}

export function drawLatency({ steps, stepMs }: Series, area: Area, time: Scale): Markup {
  const slowest = steps.reduce((soFar, { p99Ms }) => Math.max(soFar, p99Ms ?? 0), 0);
  const scale = latencyScale(area, slowest);
  const told = (ms: number): string => (ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`);
  return markup`${drawGrid(scale, area, told)}
<path class="curve p99" d="${lineOf(steps, ({ p99Ms }) => p99Ms, stepMs, time, scale)}"/>
<path class="curve p50" d="${lineOf(steps, ({ p50Ms }) => p50Ms, stepMs, time, scale)}"/>
`;
}

/** Broken off where nothing was served; a step that stands alone is a short dash. */
function lineOf(
  steps: readonly Step[],
  figureOf: (step: Step) => number | null,
  stepMs: number,
  time: Scale,
  scale: Scale,
): string {
  let isDrawn = false;
  return steps
    .map((step, place) => {
      const figure = figureOf(step);
      const [left, right] = sidesOf(place, stepMs, time);
      const isConnected = isDrawn;
      isDrawn = figure !== null;
      return figure === null ? '' : `${isConnected ? 'L' : 'M'}${round(left)} ${round(scale.at(figure))}H${round(right)}`;
    })
    .join('');
}

function drawGrid({ ticks, at }: Scale, { left, right }: Area, told: (value: number) => string): Markup[] {
  return ticks.map(
    (tick) =>
      markup`<path class="grid" d="M${left} ${round(at(tick))}H${right}"/><text x="${left - 10}" y="${round(at(tick) + 3.5)}" text-anchor="end">${told(tick)}</text>`,
  );
}

/** What a pointer that rests over a step is told. */
export function drawHints({ steps, stepMs }: Series, { top, bottom }: Area, time: Scale): Markup[] {
  return steps.map((step, place) => {
    const [left, right] = sidesOf(place, stepMs, time);
    return markup`<rect class="hint" x="${round(left)}" y="${top}" width="${round(right - left)}" height="${bottom - top}"><title>${toldStep(step, place * stepMs, stepMs)}</title></rect>\n`;
  });
}

function toldStep({ served, failed, p50Ms, p99Ms }: Step, fromMs: number, stepMs: number): string {
  const aSecond = (number: number): string => count((number * 1_000) / stepMs);
  const latency = p99Ms === null ? '' : `, p50 ${milliseconds(p50Ms)} ms, p99 ${milliseconds(p99Ms)} ms`;
  return `${clock(fromMs)}: ${aSecond(served)}/s served, ${count(failed)} not${latency}`;
}

function sidesOf(place: number, stepMs: number, time: Scale): readonly [number, number] {
  return [time.at(place * stepMs), time.at((place + 1) * stepMs)];
}

function round(coordinate: number): string {
  return String(Math.round(coordinate * 10) / 10);
}
