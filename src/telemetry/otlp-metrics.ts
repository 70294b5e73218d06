// Owns the way of figures to an OTLP endpoint: the tallies are handed to OpenTelemetry as they are, under its names. What a collector
// makes of these for Prometheus is again what /metrics shows. Loaded only where figures are sent (otlp.ts).
import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import {
  defaultResource,
  detectResources,
  emptyResource,
  envDetector,
  hostDetector,
  processDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  MeterProvider,
  type MetricData,
  type MetricProducer,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { METRICS, type Metric, type MetricName } from './catalogue.ts';
import { attributeOf, instrumentOf } from './otlp-names.ts';
import type { Figures, HistogramSeries, NumberSeries, Series } from './snapshot.ts';

const SERVICE = 'holdfast';
const USUAL_INTERVAL_MS = 60_000;
const END_WITHIN_MS = 1000;

/** @returns sends once more, and ends */
export function startSending(env: NodeJS.ProcessEnv, read: () => Promise<Figures>): () => Promise<void> {
  const interval = Number(env.OTEL_METRIC_EXPORT_INTERVAL) || USUAL_INTERVAL_MS;
  const reader = new PeriodicExportingMetricReader({
    exporter: exporterOf(env),
    exportIntervalMillis: interval,
    exportTimeoutMillis: Math.min(interval, Number(env.OTEL_METRIC_EXPORT_TIMEOUT) || 30_000),
    metricProducers: [producerOf(read)],
  });
  const named = env.OTEL_SERVICE_NAME ? emptyResource() : resourceFromAttributes({ 'service.name': SERVICE });
  const detected = detectResources({ detectors: [serviceInstanceIdDetector, processDetector, hostDetector, envDetector] });
  const provider = new MeterProvider({ resource: defaultResource().merge(named).merge(detected), readers: [reader] });
  return () => {
    let late: NodeJS.Timeout | undefined;
    // A collector that does not answer must not hold up the stop.
    const tooLong = new Promise<void>((resolve) => {
      late = setTimeout(resolve, END_WITHIN_MS);
    });
    return Promise.race([provider.shutdown().catch(() => {}), tooLong]).finally(() => clearTimeout(late));
  };
}

/** Where it goes, and with which headers, the exporters read from the environment themselves. */
function exporterOf(env: NodeJS.ProcessEnv): PushMetricExporter {
  const protocol = env.OTEL_EXPORTER_OTLP_METRICS_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL;
  return protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter();
}

function producerOf(read: () => Promise<Figures>): MetricProducer {
  const startTime = hrTimeOf(performance.timeOrigin);
  return {
    collect: async () => {
      const { series } = await read();
      const times = { startTime, endTime: hrTimeOf(Date.now()) };
      const metrics = (Object.keys(METRICS) as MetricName[]).flatMap((name) => {
        const all = series[name] ?? [];
        return all.length === 0 ? [] : [metricOf(name, METRICS[name], all, times)];
      });
      return {
        resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope: { name: SERVICE }, metrics }] },
        errors: [],
      };
    },
  };
}

interface Times {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

function metricOf(name: MetricName, { kind, help, buckets = [] }: Metric, all: readonly Series[], times: Times): MetricData {
  const descriptor = { ...instrumentOf(name), description: help, valueType: ValueType.DOUBLE };
  const common = { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE };
  if (kind === 'histogram') {
    const dataPoints = (all as readonly HistogramSeries[]).map(({ labels, count, sum, counts }) => ({
      ...times,
      attributes: attributesOf(labels),
      value: { buckets: { boundaries: [...buckets], counts: [...counts] }, count, sum },
    }));
    return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = (all as readonly NumberSeries[]).map(({ labels, value }) => ({
    ...times,
    attributes: attributesOf(labels),
    value,
  }));
  if (kind === 'gauge') return { ...common, dataPointType: DataPointType.GAUGE, dataPoints };
  return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
}

/** What is empty is absent there. */
function attributesOf(labels: Readonly<Record<string, string>>): Attributes {
  const told = Object.entries(labels).filter(([, value]) => value !== '');
  return Object.fromEntries(told.map(([label, value]) => [attributeOf(label), value]));
}

function hrTimeOf(ms: number): HrTime {
  return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];
}
