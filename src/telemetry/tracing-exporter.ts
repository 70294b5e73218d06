// Owns the way of spans to the collector, by the standard OTEL_EXPORTER_OTLP_* and OTEL_BSP_* variables. The SDK would make the same
// from them, but keep it to itself; and it would load every exporter there is.
import { BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace';

type Environment = Readonly<Record<string, string | undefined>>;

const PROTOCOLS: Readonly<Record<string, () => Promise<SpanExporter>>> = {
  'http/protobuf': async () => new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter(),
  'http/json': async () => new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter(),
  grpc: async () => new (await import('@opentelemetry/exporter-trace-otlp-grpc')).OTLPTraceExporter(),
};
const FALLBACK = 'http/protobuf';

/** @param onFault told, in a sentence, of a setting that cannot be used */
export async function processorFrom(env: Environment, onFault: (fault: string) => void): Promise<BatchSpanProcessor> {
  const protocol = (env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL)?.trim() || FALLBACK;
  const known = Object.hasOwn(PROTOCOLS, protocol) ? protocol : FALLBACK;
  if (known !== protocol) onFault(`OTEL_EXPORTER_OTLP_PROTOCOL must be one of ${Object.keys(PROTOCOLS).join(', ')}.`);
  const exporter = await (PROTOCOLS[known] ?? PROTOCOLS[FALLBACK])?.();
  if (exporter === undefined) throw new Error('no exporter of spans');
  return new BatchSpanProcessor({
    exporter,
    ...numberFrom(env, 'maxQueueSize', 'OTEL_BSP_MAX_QUEUE_SIZE'),
    ...numberFrom(env, 'scheduledDelayMillis', 'OTEL_BSP_SCHEDULE_DELAY'),
    ...numberFrom(env, 'exportTimeoutMillis', 'OTEL_BSP_EXPORT_TIMEOUT'),
    ...numberFrom(env, 'maxExportBatchSize', 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE'),
  });
}

/** Without a number, the specification's default. */
function numberFrom(env: Environment, key: string, name: string): Record<string, number> {
  const text = env[name]?.trim() ?? '';
  return /^\d{1,9}$/.test(text) ? { [key]: Number(text) } : {};
}
