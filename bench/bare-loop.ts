// Owns the loop of bare calls, in a process of its own: a plain undici pool makes the calls that the coordinator would make, with
// the same headers and body, as fast as answers come, and records nothing. The parent asks for runs and is told the figures.
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { Pool } from 'undici';
import type { BareResult, BareRun } from './bare-calls.ts';
import { PARTICIPANTS } from './branches.ts';

/** Made beforehand, so that the loop costs little beside the calls. */
const PREPARED_CALLS = 256;
const TIMEOUT_MS = 900_000;
const SECRET = randomBytes(32);

interface PreparedCall {
  readonly path: string;
  readonly method: 'POST';
  readonly headers: string[];
  readonly body: string;
}

/** As src/participants/call.ts makes it; test/integration/bench.test.ts holds the two together. */
function prepareCall(number: number): PreparedCall {
  const participant = PARTICIPANTS[number % PARTICIPANTS.length] ?? '';
  const phase = number % (2 * PARTICIPANTS.length) < PARTICIPANTS.length ? 'try' : 'confirm';
  const transactionId = randomUUID();
  const branchId = randomUUID();
  const expiresAt = new Date(Date.now() + TIMEOUT_MS).toISOString();
  const traceparent = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
  const id = `${branchId}:${phase}`;
  const body = JSON.stringify({ transactionId, branchId, participant, phase, attempt: 1, expiresAt, payload: { amount: 1 } });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', SECRET).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    path: `/${participant}/${phase}`,
    method: 'POST',
    headers: [
      ...['content-type', 'application/json', 'accept', 'application/json', 'user-agent', 'holdfast'],
      ...['idempotency-key', id, 'traceparent', traceparent],
      ...['webhook-id', id, 'webhook-timestamp', timestamp, 'webhook-signature', `v1,${signature}`],
    ],
    body,
  };
}

interface Tally {
  readonly callsMs: number[];
  failed: number;
  sample: string;
}

async function callOn(pool: Pool, calls: readonly PreparedCall[], first: number, until: number, tally: Tally): Promise<void> {
  for (let number = first; performance.now() < until; number += 1) {
    const call = calls[number % calls.length] ?? prepareCall(number);
    const begunAt = performance.now();
    const { statusCode, body } = await pool.request(call);
    const text = await body.text();
    tally.callsMs.push(performance.now() - begunAt);
    if (statusCode === 200) continue;
    tally.failed += 1;
    tally.sample ||= `${statusCode} ${text.slice(0, 300)}`;
  }
}

async function run({ url, connections, seconds }: BareRun): Promise<BareResult> {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const calls = Array.from({ length: PREPARED_CALLS }, (_, number) => prepareCall(number));
  const tally: Tally = { callsMs: [], failed: 0, sample: '' };
  const cpuBefore = process.cpuUsage();
  const begunAt = performance.now();
  const until = begunAt + seconds * 1000;
  await Promise.all(Array.from({ length: connections }, (_, first) => callOn(pool, calls, first, until, tally)));
  const elapsedMs = performance.now() - begunAt;
  const cpu = process.cpuUsage(cpuBefore);
  await pool.close();
  const sorted = tally.callsMs.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return {
    callsPerSecond: sorted.length / (elapsedMs / 1000),
    failed: tally.failed,
    sample: tally.sample,
    latencyMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
    clientCpuShare: (cpu.user + cpu.system) / 1000 / elapsedMs,
  };
}

process.on('message', (asked: BareRun) => void run(asked).then((result) => process.send?.(result)));
