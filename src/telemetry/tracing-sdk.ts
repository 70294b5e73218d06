// Owns OpenTelemetry's SDK in this process. Loaded only where tracing is on (tracing.ts): it takes half a second, and 40 MiB.
import { type DiagLogger, DiagLogLevel, diag, trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { callTracer, releaseTracer } from './tracing-calls.ts';
import { httpTracer } from './tracing-http.ts';
import { laneTracer } from './tracing-lane.ts';
import type { Tracing } from './tracing-ports.ts';
import { samplerFrom } from './tracing-sampler.ts';

const SERVICE = 'holdfast';
/** For the last spans, at the end: a collector that does not answer must not hold up the stop. */
const FLUSH_WITHIN_MS = 1000;

/** Starts it by the standard OTEL_* variables. Nothing is patched: every span is begun by hand. */
export function startSdk(env: NodeJS.ProcessEnv, onFault: (fault: string) => void): Tracing {
  // With OTEL_LOG_LEVEL the SDK takes the console instead.
  diag.setLogger(faultLogger(onFault), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const sdk = new NodeSDK({
    ...(isNamed(env) ? {} : { serviceName: SERVICE }),
    sampler: samplerFrom(env, onFault),
    textMapPropagator: null,
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
  });
  sdk.start();
  const tracer = trace.getTracer(SERVICE);
  return {
    lane: (name) => laneTracer(tracer, name),
    http: httpTracer(tracer),
    calls: callTracer(tracer),
    releases: releaseTracer(tracer),
    stop: () => within(FLUSH_WITHIN_MS, sdk.shutdown(), onFault),
  };
}

function isNamed(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.OTEL_SERVICE_NAME) || /(?:^|,)\s*service\.name=/.test(env.OTEL_RESOURCE_ATTRIBUTES ?? '');
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
