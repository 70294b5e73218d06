// Owns the lanes of the timeline: every fault is a bar, beside those that befell the same part of the cluster.
import { clock } from './figures.ts';
import { type Markup, markup } from './markup.ts';
import type { ReportedFault } from './summary.ts';
import type { Scale } from './timeline-scales.ts';

const ROW_HEIGHT = 16;
const BAR_HEIGHT = 12;
const LANE_GAP = 8;
const LEAST_BAR_WIDTH = 2;
/** Of the bars' own text, on average. */
const CHARACTER_WIDTH = 5.3;

const LANES = ['coordinators', 'PostgreSQL', 'Redis', 'links', 'participants', 'load'] as const;
type LaneName = (typeof LANES)[number];

export interface Lane {
  readonly name: LaneName;
  /** Bars of one row do not overlap. */
  readonly rows: readonly (readonly ReportedFault[])[];
}

/** The lanes in which something happened. */
export function lanesOf(faults: readonly ReportedFault[]): Lane[] {
  const byLane = Map.groupBy(faults, laneOf);
  return LANES.flatMap((name) => {
    const inLane = byLane.get(name);
    return inLane === undefined ? [] : [{ name, rows: rowsOf(inLane) }];
  });
}

function laneOf({ kind, target }: ReportedFault): LaneName {
  if (kind === 'flood') return 'load';
  if (/[→↔]/.test(target)) return 'links';
  if (target === 'postgres') return 'PostgreSQL';
  if (target === 'redis') return 'Redis';
  return target.startsWith('coordinator-') ? 'coordinators' : 'participants';
}

/** @param faults in the order of their beginnings */
function rowsOf(faults: readonly ReportedFault[]): ReportedFault[][] {
  const rows: ReportedFault[][] = [];
  for (const fault of faults) {
    const free = rows.find((row) => (row.at(-1)?.toMs ?? 0) <= fault.fromMs);
    if (free === undefined) rows.push([fault]);
    else free.push(fault);
  }
  return rows;
}

export function lanesHeight(lanes: readonly Lane[]): number {
  return lanes.reduce((height, { rows }) => height + rows.length * ROW_HEIGHT + LANE_GAP, 0);
}

export function drawLanes(lanes: readonly Lane[], time: Scale, left: number, top: number): Markup[] {
  let nextTop = top;
  return lanes.map(({ name, rows }) => {
    const laneTop = nextTop;
    nextTop += rows.length * ROW_HEIGHT + LANE_GAP;
    const bars = rows.flatMap((row, place) => row.map((fault) => drawBar(fault, time, laneTop + place * ROW_HEIGHT)));
    return markup`<text class="lane" x="${left - 10}" y="${laneTop + 10}" text-anchor="end">${name}</text>${bars}\n`;
  });
}

function drawBar(fault: ReportedFault, time: Scale, top: number): Markup {
  const left = time.at(fault.fromMs);
  const width = Math.max(LEAST_BAR_WIDTH, time.at(fault.toMs) - left);
  const short = fault.kind.replace(/^(coordinator|postgres|redis|participant)-/, '');
  const fits = short.length * CHARACTER_WIDTH + 8 <= width;
  const label = markup`<text class="bar-label" x="${(left + 4).toFixed(1)}" y="${top + 9.5}">${short}</text>`;
  return markup`<g class="fault"><title>${toldFault(fault)}</title><rect class="bar" x="${left.toFixed(1)}" y="${top}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="2"/>${fits ? label : null}</g>`;
}

function toldFault({ kind, target, note, fromMs, toMs }: ReportedFault): string {
  return `${kind} · ${target}${note === null ? '' : ` · ${note}`} · ${clock(fromMs, 1)} to ${clock(toMs, 1)}`;
}
