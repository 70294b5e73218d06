// Owns what is counted in this process: plain numbers by metric and labels, added to in the middle of the hot path. OpenTelemetry's
// own instruments take about 1 µs a record to sort and hash attributes, 3 % of what a request costs with two of them; a look into a
// Map takes a twentieth of that. What is counted here is handed on to OpenTelemetry as it is (otlp.ts), and written out for
// Prometheus (prometheus.ts).
import { METRICS, type Metric, type MetricName } from './catalogue.ts';
import type { Figures, HistogramSeries, NumberSeries, Series } from './snapshot.ts';

type NamesOf<Kind extends Metric['kind']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];

type OneTextFor<Labels extends readonly string[]> = { readonly [Index in keyof Labels]: string };
/** One text for each label of the metric, in the catalogue's order. */
type LabelValues<Name extends MetricName> = OneTextFor<(typeof METRICS)[Name]['labels']>;

/** Adds to one series of a counter. */
export interface CounterCell {
  value: number;
}

/** Adds to one series of a histogram. */
export interface HistogramCell {
  record(value: number): void;
}

/** I12: series of one metric. Labels are bounded by themselves; should one not be, the rest is counted under empty labels. */
const MOST_SERIES = 1000;
/** Neither a route, a code nor a participant's name can hold it. */
const SEPARATOR = '\n';

/** Read when somebody asks; each series as [labels, value]. */
type GaugeReader = () => Iterable<readonly [readonly string[], number]>;

export class Tallies {
  readonly #counters = new Map<MetricName, Map<string, CounterCell>>();
  readonly #histograms = new Map<MetricName, Map<string, Histogram>>();
  /** Gauges, and counters that something else counts. */
  readonly #observed: { readonly name: MetricName; readonly read: GaugeReader }[] = [];

  /** @returns what adds to a series; the same for the same labels, so that it may be kept */
  counter<Name extends NamesOf<'counter'>>(name: Name, ...labels: LabelValues<Name>): CounterCell {
    return cellOf(this.#counters, name, labels, () => ({ value: 0 }));
  }

  /** @returns as counter */
  histogram<Name extends NamesOf<'histogram'>>(name: Name, ...labels: LabelValues<Name>): HistogramCell {
    return cellOf(this.#histograms, name, labels, () => new Histogram(boundsOf(name)));
  }

  /** @param read asked whenever figures are read; it must not throw */
  gauge<Name extends NamesOf<'gauge'>>(name: Name, read: () => Iterable<readonly [LabelValues<Name>, number]>): void {
    this.#observed.push({ name, read: read as GaugeReader });
  }

  /** A gauge without labels; null where there is nothing to tell. */
  plainGauge(name: NamesOf<'gauge'>, read: () => number | null): void {
    const series = (): readonly (readonly [readonly string[], number])[] => {
      const value = read();
      return value === null ? [] : [[[], value]];
    };
    this.#observed.push({ name, read: series });
  }

  /** A series of a counter that something else counts. */
  observedCounter<Name extends NamesOf<'counter'>>(name: Name, read: () => number, ...labels: LabelValues<Name>): void {
    this.#observed.push({ name, read: () => [[labels, read()]] });
  }

  /** @param common labels of every series */
  read(common: Readonly<Record<string, string>>): Figures {
    const all: { [Name in MetricName]?: Series[] } = {};
    const add = (name: MetricName, labels: readonly string[], series: (all: Record<string, string>) => Series): void => {
      const named = METRICS[name].labels.map((label, index) => [label, labels[index] ?? ''] as const);
      all[name] ??= [];
      all[name].push(series({ ...Object.fromEntries(named), ...common }));
    };
    for (const [name, cells] of this.#counters)
      for (const [key, { value }] of cells) add(name, labelsOf(key), (labels): NumberSeries => ({ labels, value }));
    for (const [name, cells] of this.#histograms)
      for (const [key, cell] of cells) add(name, labelsOf(key), (labels): HistogramSeries => ({ labels, ...cell.read() }));
    for (const { name, read } of this.#observed)
      for (const [labels, value] of read()) add(name, labels, (named): NumberSeries => ({ labels: named, value }));
    return { at: Date.now(), series: all };
  }
}

class Histogram implements HistogramCell {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  /** A value is counted in the first bucket whose bound it does not pass. */
  record(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] as number)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sum += value;
  }

  read(): Omit<HistogramSeries, 'labels'> {
    return { count: this.#counts.reduce((sum, count) => sum + count, 0), sum: this.#sum, counts: [...this.#counts] };
  }
}

function boundsOf(name: MetricName): readonly number[] {
  const metric: Metric = METRICS[name];
  return metric.buckets ?? [];
}

function cellOf<Cell>(
  all: Map<MetricName, Map<string, Cell>>,
  name: MetricName,
  labels: readonly string[],
  make: () => Cell,
): Cell {
  let cells = all.get(name);
  if (cells === undefined) {
    cells = new Map();
    all.set(name, cells);
  }
  const key = labels.join(SEPARATOR);
  const known = cells.get(key);
  if (known !== undefined) return known;
  const kept = cells.size < MOST_SERIES ? key : labels.map(() => '').join(SEPARATOR);
  const cell = cells.get(kept) ?? make();
  cells.set(kept, cell);
  return cell;
}

function labelsOf(key: string): readonly string[] {
  return key.split(SEPARATOR);
}
