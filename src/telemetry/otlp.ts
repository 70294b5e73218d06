// Owns whether figures are also sent by OTLP: where the standard OTEL_* variables name an endpoint, and nothing turns it off. Without,
// not a module of OpenTelemetry is loaded for it.
import type { Figures } from './snapshot.ts';

/** Sends what it is given from now on; resolves to what ends it, within a second. */
export type SendFigures = (read: () => Promise<Figures>) => Promise<() => Promise<void>>;

/**
 * @param env the standard variables of OpenTelemetry
 * @returns null where figures are not sent
 */
export function sendingFigures(env: NodeJS.ProcessEnv): SendFigures | null {
  const isOff = env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true' || listed(env.OTEL_METRICS_EXPORTER).includes('none');
  const endpoint = env.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT?.trim() || env.OTEL_EXPORTER_OTLP_ENDPOINT?.trim();
  if (isOff || !endpoint) return null;
  return async (read) => {
    const { startSending } = await import('./otlp-metrics.ts');
    return startSending(env, read);
  };
}

function listed(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').map((name) => name.trim());
}
