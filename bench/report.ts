// Owns how figures are shown and kept: the table, the verdicts, and the JSON file.
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Measurement, median, ofSeries } from './measurement.ts';
import type { Verdict } from './targets.ts';

const RESULTS_FOLDER = fileURLToPath(new URL('./results/', import.meta.url));

/** Columns are padded to their widest cell; the first is set left, the others right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');

/** One line for each series: medians over its rounds, and the share of the ceiling where that was measured too. */
export function measurementTable(all: readonly Measurement[]): string {
  const keys = new Map(all.map((run) => [`${run.scenario} ${run.connections} ${run.system}`, run]));
  const rows = [...keys.values()].map((series) => {
    const runs = ofSeries(all, series);
    const perSecond = median(runs.map((run) => run.perSecond));
    const ceiling = median(ofSeries(all, { ...series, system: 'ceiling' }).map((run) => run.perSecond));
    return [
      `${series.scenario}, ${series.connections} connections`,
      series.system,
      whole(perSecond),
      Number.isNaN(ceiling) ? '' : (perSecond / ceiling).toFixed(2),
      median(runs.map((run) => run.p99Ms)).toFixed(1),
      String(runs.length),
      whole(runs.reduce((sum, run) => sum + run.unexpected, 0)),
    ];
  });
  return table(['load', 'system', 'per second', '× ceiling', 'p99 ms', 'runs', 'unexpected'], rows);
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  const word = (met: boolean | null): string => (met === null ? '-' : met ? 'met' : 'FALLS SHORT');
  return table(
    ['target', 'measured', 'verdict'],
    verdicts.map(({ target, measured, met }) => [target, measured, word(met)]),
  );
}

/** How long a fixed piece of arithmetic takes here: absolute figures of two days compare only where this one does. */
function arithmeticMs(): number {
  const begunAt = performance.now();
  let value = 0;
  for (let step = 0; step < 100_000_000; step += 1) value = (value * 31 + step) | 0;
  return value === 0.5 ? 0 : performance.now() - begunAt;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly node: string;
  readonly arithmeticMs: number;
}

export function describeMachine(): Machine {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    node: process.version,
    arithmeticMs: Math.round(arithmeticMs()),
  };
}

/**
 * Writes a result to bench/results/ and, where asked, to one more place.
 * @param name what was run, for the file's name
 */
export async function keep(name: string, result: object, out: string | undefined): Promise<string> {
  const file = path.join(RESULTS_FOLDER, `${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}-${name}.json`);
  const text = `${JSON.stringify(result, null, 2)}\n`;
  await mkdir(RESULTS_FOLDER, { recursive: true });
  await writeFile(file, text);
  if (out !== undefined) await writeFile(out, text);
  return file;
}
