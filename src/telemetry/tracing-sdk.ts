// Owns OpenTelemetry's SDK in this process. Loaded only where tracing is on (tracing.ts): it costs the start time and memory.
import { type DiagLogger, DiagLogLevel, diag, trace } from '@opentelemetry/api';
import {
  defaultResource,
  detectResources,
  envDetector,
  hostDetector,
  osDetector,
  type Resource,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { callTracer, releaseTracer } from './tracing-calls.ts';
import { processorFrom } from './tracing-exporter.ts';
import { httpTracer } from './tracing-http.ts';
import { laneTracer } from './tracing-lane.ts';
import type { Tracing } from './tracing-ports.ts';
import { Recorder } from './tracing-recorder.ts';

const SERVICE = 'holdfast';
/** For the last spans, at the end: a collector that does not answer must not hold up the stop. */
const FLUSH_WITHIN_MS = 1000;

/** Starts it by the standard OTEL_* variables. Nothing is patched: every span is begun by hand. */
export async function startSdk(env: NodeJS.ProcessEnv, onFault: (fault: string) => void): Promise<Tracing> {
  // With OTEL_LOG_LEVEL the SDK takes the console instead.
  diag.setLogger(faultLogger(onFault), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const processor = await processorFrom(env, onFault);
  const resource = whoWeAre();
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    spanProcessors: [processor],
    textMapPropagator: null,
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
  });
  sdk.start();
  const recorder = new Recorder(processor, { resource, instrumentationScope: { name: SERVICE } });
  return {
    lane: (name) => laneTracer(recorder, name),
    http: httpTracer(trace.getTracer(SERVICE), recorder),
    calls: callTracer(recorder),
    releases: releaseTracer(recorder),
    stop: () => within(FLUSH_WITHIN_MS, sdk.shutdown(), onFault),
  };
}

/** OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last: they win. The command line is left out, it may hold secrets. */
function whoWeAre(): Resource {
  const detectors = [serviceInstanceIdDetector, hostDetector, osDetector, envDetector];
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': SERVICE, 'process.pid': process.pid }))
    .merge(detectResources({ detectors }));
}

function faultLogger(onFault: (fault: string) => void): DiagLogger {
  const tell = (message: string): void => onFault(message.slice(0, 500));
  const ignore = (): void => {};
  return { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore };
}

function within(ms: number, work: Promise<void>, onFault: (fault: string) => void): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, ms);
    work
      .catch((error: unknown) => onFault(String(error)))
      .finally(() => {
        clearTimeout(late);
        resolve();
      });
  });
}
