// Owns whether there is tracing: where the standard OTEL_* variables name an OTLP endpoint, and nothing turns it off. Without, not a
// module of OpenTelemetry is loaded, and the ports of tracing stay as they are.
import type { Tracing } from './tracing-ports.ts';

export type { Tracing };

/** @param env the standard variables of OpenTelemetry */
export function isTracingOn(env: NodeJS.ProcessEnv): boolean {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return false;
  if (env.OTEL_TRACES_EXPORTER?.split(',').some((name) => name.trim() === 'none') === true) return false;
  return Boolean(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?.trim() || env.OTEL_EXPORTER_OTLP_ENDPOINT?.trim());
}

/**
 * @param onFault told, in words, where spans cannot be handed on
 * @returns null where tracing is off
 */
export async function startTracing(env: NodeJS.ProcessEnv, onFault: (fault: string) => void): Promise<Tracing | null> {
  if (!isTracingOn(env)) return null;
  const { startSdk } = await import('./tracing-sdk.ts');
  return startSdk(env, onFault);
}
