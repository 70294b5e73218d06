// Owns what the metrics of the catalogue are called where dots are allowed: by OpenTelemetry's semantic conventions where these have a
// name, otherwise holdfast.…, without the suffixes that Prometheus makes of unit and kind. Pure.
import type { MetricName } from './catalogue.ts';

const CONVENTIONAL: { readonly [Name in MetricName]?: string } = {
  http_server_request_duration_seconds: 'http.server.request.duration',
  http_server_active_requests: 'http.server.active_requests',
  db_client_connection_count: 'db.client.connection.count',
  db_client_connection_max: 'db.client.connection.max',
  db_client_connection_pending_requests: 'db.client.connection.pending_requests',
  nodejs_eventloop_delay_p99_seconds: 'nodejs.eventloop.delay.p99',
  nodejs_eventloop_delay_max_seconds: 'nodejs.eventloop.delay.max',
  nodejs_eventloop_utilization_ratio: 'nodejs.eventloop.utilization',
  v8js_gc_duration_seconds: 'v8js.gc.duration',
  v8js_memory_heap_used_bytes: 'v8js.memory.heap.used',
  process_memory_usage_bytes: 'process.memory.usage',
  process_cpu_time_seconds_total: 'process.cpu.time',
};

const ATTRIBUTES: Readonly<Record<string, string>> = {
  http_request_method: 'http.request.method',
  http_route: 'http.route',
  http_response_status_code: 'http.response.status_code',
  error_type: 'error.type',
  db_client_connection_pool_name: 'db.client.connection.pool.name',
  db_client_connection_state: 'db.client.connection.state',
  v8js_gc_type: 'v8js.gc.type',
  cpu_mode: 'cpu.mode',
};

/** The units of UCUM that Prometheus's suffixes stand for. */
const UNITS: readonly (readonly [suffix: RegExp, unit: string])[] = [
  [/_seconds(_total)?$/, 's'],
  [/_bytes$/, 'By'],
  [/_ratio$/, '1'],
];

export function instrumentOf(name: MetricName): { readonly name: string; readonly unit: string } {
  const unit = UNITS.find(([suffix]) => suffix.test(name))?.[1] ?? '';
  const bare = name.replace(/^holdfast_/, 'holdfast.').replace(/(_seconds|_bytes|_ratio)?(_total)?$/, '');
  return { name: CONVENTIONAL[name] ?? bare, unit };
}

export function attributeOf(label: string): string {
  return ATTRIBUTES[label] ?? label;
}
