// Owns putting together what several processes measured. Each series carries the process it comes from, so nothing is added up here.
import type { MetricName } from './catalogue.ts';
import type { Figures, Series } from './snapshot.ts';

/** @param all one for each process */
export function mergeFigures(all: readonly Figures[]): Figures {
  const series: { [Name in MetricName]?: Series[] } = {};
  for (const one of all)
    for (const [name, more] of Object.entries(one.series) as [MetricName, readonly Series[]][]) {
      series[name] ??= [];
      series[name].push(...more);
    }
  return { at: Math.max(0, ...all.map(({ at }) => at)), series };
}
