// Owns the same load as load.lua where wrk is not installed. autocannon runs on Node and takes much more of the machine,
// so the figures are lower all over; ratios within one run still compare.
import autocannon from 'autocannon';
import { BRANCHES } from './branches.ts';
import type { Load, LoadResult, Pattern } from './load.ts';

type Pick = () => string;

function picker(pattern: Pattern, skuCount: number): Pick {
  if (pattern === 'hot') return () => 'SKU-1';
  if (pattern === 'sold-out') return () => 'SOLD-OUT';
  if (pattern === 'uniform' || pattern === 'branches') return () => `SKU-${1 + Math.floor(Math.random() * skuCount)}`;
  // Zipf with s = 1 by its continuous form: log-uniform over the ranks.
  return () => `SKU-${Math.min(skuCount, Math.floor((skuCount + 1) ** Math.random()))}`;
}

interface Tally {
  tried: number;
  confirmed: number;
  refused: number;
  failed: number;
  sample: string;
}

function count(tally: Tally, status: number, body: string): void {
  if (status === 201) tally.tried += 1;
  else if (status === 200) tally.confirmed += 1;
  else if (status === 409) tally.refused += 1;
  else {
    tally.failed += 1;
    if (tally.sample === '') tally.sample = `${status} ${body.slice(0, 300)}`;
  }
}

interface Context {
  id?: string;
}

function requestsOf(load: Load, skuCount: number, tally: Tally): autocannon.Request[] {
  const pick = picker(load.pattern, skuCount);
  const more = load.pattern === 'branches' ? `,"branches":${BRANCHES}` : '';
  const tryRequest: autocannon.Request = {
    method: 'POST',
    path: '/v1/transactions',
    headers: { 'content-type': 'application/json', ...(load.key === undefined ? {} : { authorization: `Bearer ${load.key}` }) },
    setupRequest: (request) => ({ ...request, body: `{"items":[{"sku":"${pick()}","quantity":1}]${more}}` }),
    onResponse: (status, body, context: Context) => {
      count(tally, status, body);
      const id = status === 201 ? /"id":"([0-9a-f-]{36})"/.exec(body)?.[1] : undefined;
      if (id !== undefined) context.id = id;
    },
  };
  const confirmRequest: autocannon.Request = {
    method: 'POST',
    path: '/v1/transactions/none/confirm',
    setupRequest: (request, context: Context) => ({ ...request, path: `/v1/transactions/${context.id}/confirm` }),
    onResponse: (status, body) => count(tally, status, body),
  };
  return load.pattern === 'sold-out' ? [tryRequest] : [tryRequest, confirmRequest];
}

/** Drives a system with autocannon, in this process. */
export async function loadWithAutocannon(url: string, load: Load, skuCount: number): Promise<LoadResult> {
  const tally: Tally = { tried: 0, confirmed: 0, refused: 0, failed: 0, sample: '' };
  const result = await autocannon({
    url,
    ...(load.key === undefined ? {} : { headers: { authorization: `Bearer ${load.key}` } }),
    connections: load.connections,
    duration: load.seconds,
    requests: requestsOf(load, skuCount, tally),
    ...(load.pauseMs > 0 && { overallRate: Math.round((load.connections * 1000) / load.pauseMs) }),
  });
  const { p50, p90, p99, max } = result.latency;
  return {
    generator: 'autocannon',
    requestsPerSecond: result.requests.total / result.duration,
    ...tally,
    socketErrors: result.errors + result.timeouts,
    latencyMs: { p50, p90, p99, max },
  };
}
