// Owns the names of everything that is measured: each metric as Prometheus shows it, its kind, its labels and what it tells. The
// instruments are made from this table; dashboards, alerts, the console and the documents are held to it by tests. Where
// OpenTelemetry's semantic conventions have a name, it is used; the others begin with `holdfast_`. Labels are bounded: never a
// SKU, an id, or anything else that callers choose (I12). Every series carries `worker`, the HTTP process it comes from.

export interface Metric {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

/** Seconds, from what a statement takes to what nobody waits for. 0.1 is the objective for callers (docs/operations.md). */
const LATENCY = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LATENESS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];

export const METRICS = {
  // Callers.
  http_server_request_duration_seconds: {
    kind: 'histogram',
    labels: ['http_request_method', 'http_route', 'http_response_status_code', 'error_type'],
    help: 'Requests by route and answer; error_type is the code of the problem, empty where there was none.',
    buckets: LATENCY,
  },
  http_server_active_requests: { kind: 'gauge', labels: [], help: 'Requests that are being answered.' },
  holdfast_limit_refusals_total: {
    kind: 'counter',
    labels: ['limit'],
    help: 'Requests, and Tries of a batch, that a limit refused: address, key (how often), holding, holding-per-sku (how much).',
  },
  // Commands and transactions.
  holdfast_command_duration_seconds: {
    kind: 'histogram',
    labels: ['command', 'outcome'],
    help: 'From a command entering its lane to its outcome being durable; outcome is ok, replayed, or the code of the problem.',
    buckets: LATENCY,
  },
  holdfast_transactions_total: {
    kind: 'counter',
    labels: ['state', 'reason'],
    help: 'Transactions that reached a state; reason is why one is CANCELLING or CANCELLED, empty otherwise.',
  },
  holdfast_transactions_open: {
    kind: 'gauge',
    labels: ['state'],
    help: 'Transactions in each state that is not an end, by the ledger.',
  },
  holdfast_transactions_oldest_age_seconds: {
    kind: 'gauge',
    labels: ['state'],
    help: 'How long ago the oldest transaction in each such state entered it; 0 where there is none.',
  },
  holdfast_transactions_needing_attention: { kind: 'gauge', labels: [], help: 'Transactions that an operator must look at.' },
  // Lanes.
  holdfast_lane_depth: { kind: 'gauge', labels: ['lane'], help: 'Commands that wait.' },
  holdfast_lane_limit: { kind: 'gauge', labels: ['lane'], help: 'How many may wait before the next is refused as overloaded.' },
  holdfast_lane_batch_size: { kind: 'histogram', labels: ['lane'], help: 'Commands that shared a batch.', buckets: SIZES },
  holdfast_lane_wait_seconds: {
    kind: 'histogram',
    labels: ['lane'],
    help: 'How long the first of a batch had waited when the batch went off.',
    buckets: LATENCY,
  },
  holdfast_lane_batch_duration_seconds: {
    kind: 'histogram',
    labels: ['lane'],
    help: 'From a batch going off to its last outcome being durable, further attempts included.',
    buckets: LATENCY,
  },
  holdfast_lane_faults_total: {
    kind: 'counter',
    labels: ['lane', 'kind'],
    help: 'Batches that failed and were settled again, by kind of fault.',
  },
  // Stock.
  holdfast_stock_units_total: {
    kind: 'counter',
    labels: ['move'],
    help: 'Units of stock moved: reserved, deducted, released, refunded, received, written_off, adjusted_up, adjusted_down.',
  },
  holdfast_shortages_total: { kind: 'counter', labels: [], help: 'Tries refused for lack of stock.' },
  // Deadlines.
  holdfast_expiry_delay_seconds: {
    kind: 'histogram',
    labels: [],
    help: 'How long after its deadline a transaction was released.',
    buckets: LATENESS,
  },
  holdfast_expiry_lag_seconds: {
    kind: 'gauge',
    labels: [],
    help: 'How long the oldest transaction that is due has been due; 0 where none is.',
  },
  holdfast_expiry_backlog: {
    kind: 'gauge',
    labels: [],
    help: 'Transactions whose deadline has come and that are not released yet, counted up to 10,000.',
  },
  // Participants.
  holdfast_branch_attempts_total: {
    kind: 'counter',
    labels: ['participant', 'phase', 'outcome'],
    help: 'Calls to participants by what they came to.',
  },
  holdfast_branch_attempt_duration_seconds: {
    kind: 'histogram',
    labels: ['participant', 'phase'],
    help: 'How long calls to participants took.',
    buckets: LATENCY,
  },
  holdfast_participant_breaker_state: { kind: 'gauge', labels: ['participant'], help: '0 closed, 1 probing, 2 open.' },
  holdfast_participant_queue_depth: { kind: 'gauge', labels: ['participant'], help: 'Calls that wait in memory.' },
  holdfast_participant_in_flight: { kind: 'gauge', labels: ['participant'], help: 'Calls that are being made.' },
  holdfast_branches_waiting: {
    kind: 'gauge',
    labels: ['participant'],
    help: 'Branches that wait to be tried again, by the ledger.',
  },
  holdfast_branches_overdue: { kind: 'gauge', labels: ['participant'], help: 'Those of them whose time has come.' },
  // PostgreSQL and Redis.
  db_client_connection_count: {
    kind: 'gauge',
    labels: ['db_client_connection_pool_name', 'db_client_connection_state'],
    help: 'Connections, used and idle.',
  },
  db_client_connection_max: { kind: 'gauge', labels: ['db_client_connection_pool_name'], help: 'How many there may be.' },
  db_client_connection_pending_requests: {
    kind: 'gauge',
    labels: ['db_client_connection_pool_name'],
    help: 'Who waits for a connection.',
  },
  holdfast_postgres_up: { kind: 'gauge', labels: [], help: 'Whether PostgreSQL answers.' },
  holdfast_redis_up: { kind: 'gauge', labels: [], help: 'Whether Redis answers; absent where there is none by the settings.' },
  holdfast_timer_jobs: { kind: 'gauge', labels: ['queue', 'state'], help: 'Jobs in BullMQ: delayed, waiting, active, failed.' },
  // The ledger itself.
  holdfast_ledger_drift: {
    kind: 'gauge',
    labels: ['counter'],
    help: 'Units by which counters of stock differ from the rows they are the sums of (I1, I3), over the last whole pass; must be 0.',
  },
  holdfast_ledger_checked_total: { kind: 'counter', labels: [], help: 'Counters that the reconciler has compared.' },
  holdfast_ledger_pass_age_seconds: { kind: 'gauge', labels: [], help: 'How long ago the last whole pass ended.' },
  holdfast_retention_removed_total: { kind: 'counter', labels: [], help: 'Transactions whose bodies and history were removed.' },
  // The process.
  nodejs_eventloop_delay_p99_seconds: { kind: 'gauge', labels: [], help: 'How late the event loop was, 99th percentile.' },
  nodejs_eventloop_delay_max_seconds: { kind: 'gauge', labels: [], help: 'How late the event loop was at worst.' },
  nodejs_eventloop_utilization_ratio: {
    kind: 'gauge',
    labels: [],
    help: 'The part of the time that the event loop was at work.',
  },
  v8js_gc_duration_seconds: {
    kind: 'histogram',
    labels: ['v8js_gc_type'],
    help: 'Garbage collections.',
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
  },
  v8js_memory_heap_used_bytes: { kind: 'gauge', labels: [], help: 'Heap in use.' },
  process_memory_usage_bytes: { kind: 'gauge', labels: [], help: 'Resident memory.' },
  process_cpu_time_seconds_total: { kind: 'counter', labels: ['cpu_mode'], help: 'Processor time, user and system.' },
  holdfast_build_info: { kind: 'gauge', labels: ['version', 'node_version'], help: 'Always 1.' },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;
