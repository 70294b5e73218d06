// Owns how what lanes, routes and calls tell of is counted.
import type { Account } from '../coordinator/account.ts';
import type { Refused, Verdict } from '../coordinator/command.ts';
import type { BranchCall } from '../coordinator/effects.ts';
import type { LaneObserver, Submitted } from '../coordinator/observer.ts';
import type { Hottest } from './hottest.ts';
import type { Tallies } from './tallies.ts';

/** @param lane its name */
export function laneRecorder(tallies: Tallies, hottest: Hottest, lane: string): LaneObserver {
  const sizes = tallies.histogram('holdfast_lane_batch_size', lane);
  const waits = tallies.histogram('holdfast_lane_wait_seconds', lane);
  const durations = tallies.histogram('holdfast_lane_batch_duration_seconds', lane);
  const shortages = tallies.counter('holdfast_shortages_total');
  // There from the start, at 0: what appears with its first fault shows no rise.
  for (const kind of ['conflict', 'unavailable', 'unexpected']) tallies.counter('holdfast_lane_faults_total', lane, kind);
  const told = ({ command, since }: Submitted, verdict: Verdict): void => {
    const seconds = (performance.now() - since) / 1000;
    tallies.histogram('holdfast_command_duration_seconds', command.kind, outcomeOf(verdict)).record(seconds);
    if (command.kind !== 'try') return;
    const isShort = !verdict.ok && !verdict.replayed && verdict.problem.code === 'insufficient-stock';
    if (isShort) shortages.value += 1;
    hottest.tried(command.items, verdict.ok, isShort);
  };
  return {
    batchBegun: (batch, at) => {
      sizes.record(batch.length);
      waits.record((at - (batch[0]?.since ?? at)) / 1000);
      return {
        settled: told,
        accounted: (account) => count(tallies, account),
        failed: (kind) => {
          tallies.counter('holdfast_lane_faults_total', lane, kind).value += 1;
        },
        ended: () => durations.record((performance.now() - at) / 1000),
      };
    },
    dismissed: (submitted: Submitted, verdict: Refused) => told(submitted, verdict),
  };
}

function outcomeOf(verdict: Verdict): string {
  if (!verdict.ok) return verdict.problem.code;
  return verdict.replayed ? 'replayed' : 'ok';
}

function count(tallies: Tallies, { reached, units, expiryDelaysMs }: Account): void {
  for (const { state, reason, count: times } of reached)
    tallies.counter('holdfast_transactions_total', state, reason ?? '').value += times;
  for (const [move, quantity] of Object.entries(units))
    if (quantity > 0) tallies.counter('holdfast_stock_units_total', move).value += quantity;
  for (const ms of expiryDelaysMs) tallies.histogram('holdfast_expiry_delay_seconds').record(ms / 1000);
}

/** What src/http tells; its own types are above this layer. */
export interface Answered {
  readonly method: string;
  readonly route: string;
  readonly status: number | null;
  readonly code: string | null;
  readonly durationMs: number;
}

/** A method that no route takes is no label: callers could make up as many as they like (I12). */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);

export function httpRecorder(tallies: Tallies) {
  let active = 0;
  tallies.plainGauge('http_server_active_requests', () => active);
  return {
    arrived: (): void => {
      active += 1;
    },
    answered: ({ method, route, status, code, durationMs }: Answered): void => {
      active -= 1;
      const verb = METHODS.has(method) ? method : '_OTHER';
      const error = code ?? (status === null ? 'caller-gone' : '');
      tallies
        .histogram('http_server_request_duration_seconds', verb, route, status === null ? '' : String(status), error)
        .record(durationMs / 1000);
    },
  };
}

/** Every limit that callers may run into. */
const LIMITS = ['address', 'key', 'holding', 'holding-per-sku'] as const;

export function limitRecorder(tallies: Tallies) {
  // There from the start, at 0: what appears with its first refusal shows no rise.
  for (const limit of LIMITS) tallies.counter('holdfast_limit_refusals_total', limit);
  return {
    refused: (limit: (typeof LIMITS)[number]): void => {
      tallies.counter('holdfast_limit_refusals_total', limit).value += 1;
    },
  };
}

export function callRecorder(tallies: Tallies) {
  return {
    called: ({ participant, phase }: BranchCall, { outcome }: { readonly outcome: string }, durationMs: number): void => {
      tallies.counter('holdfast_branch_attempts_total', participant, phase, outcome).value += 1;
      tallies.histogram('holdfast_branch_attempt_duration_seconds', participant, phase).record(durationMs / 1000);
    },
  };
}

/** What src/keeping tells; its own types are above this layer. */
export interface Drift {
  readonly available: number;
  readonly reserved: number;
  readonly deducted: number;
}

const COUNTERS = ['available', 'reserved', 'deducted'] as const;

export function keepingRecorder(tallies: Tallies) {
  const removed = tallies.counter('holdfast_retention_removed_total');
  const checked = tallies.counter('holdfast_ledger_checked_total');
  let drift: readonly Drift[] | null = null;
  let endedAt = 0;
  // Of the last whole pass of this process: none before the first, and none where another instance does it.
  tallies.gauge('holdfast_ledger_drift', () => {
    const found = drift;
    if (found === null) return [];
    return COUNTERS.map((counter) => [[counter], found.reduce((sum, each) => sum + Math.abs(each[counter]), 0)] as const);
  });
  tallies.plainGauge('holdfast_ledger_pass_age_seconds', () => (drift === null ? null : (performance.now() - endedAt) / 1000));
  return {
    retired: (count: number): void => {
      removed.value += count;
    },
    compared: (count: number): void => {
      checked.value += count;
    },
    passEnded: (found: readonly Drift[]): void => {
      drift = found;
      endedAt = performance.now();
    },
  };
}
