// Owns the form in which tracing is handed to the parts of a coordinator. It names no module of OpenTelemetry.
import type { LaneTracer } from '../coordinator/tracer.ts';
import type { CallSpans, ReleaseSpans } from './tracing-calls.ts';
import type { HttpSpans } from './tracing-http.ts';

export interface Tracing {
  /** @param name what its spans call the lane */
  lane(name: string): LaneTracer;
  readonly http: HttpSpans;
  readonly calls: CallSpans;
  readonly releases: ReleaseSpans;
  /** Hands on what is left, within a second. */
  stop(): Promise<void>;
}
