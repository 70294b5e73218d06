// Owns the load on /v1/batch: batches of Tries, each followed by the batch that confirms what it was answered. Bodies are
// made beforehand and answers searched, not parsed, so that the client stays small beside the server; what it took is told.
import { Agent, request } from 'node:http';
import { SKU_COUNT } from './load.ts';

export interface BatchResult {
  readonly operationsPerSecond: number;
  readonly operations: number;
  readonly tried: number;
  readonly confirmed: number;
  readonly failed: number;
  readonly sample: string;
  readonly callP99Ms: number;
  /** Of one core, over the run. */
  readonly clientCpuShare: number;
}

const CONNECTIONS = 4;
const PREPARED_BODIES = 32;

function tryBatch(size: number): Buffer {
  const operations = Array.from({ length: size }, () => {
    const sku = `SKU-${1 + Math.floor(Math.random() * SKU_COUNT)}`;
    return `{"op":"try","items":[{"sku":"${sku}","quantity":1}]}`;
  });
  return Buffer.from(`{"operations":[${operations.join(',')}]}`);
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function post(agent: Agent, url: string, body: Buffer, minimal: boolean): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    ...(minimal && { prefer: 'return=minimal' }),
  };
  const call = request(`${url}/v1/batch`, { method: 'POST', agent, headers }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('latin1') }));
    response.on('error', reject);
  });
  call.on('error', reject);
  call.end(body);
  return promise;
}

function countOf(text: string, wanted: string): number {
  let found = 0;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) found += 1;
  return found;
}

function idsOf(text: string): string[] {
  const ids: string[] = [];
  const mark = '"body":{"id":"';
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length))
    ids.push(text.substr(at + mark.length, 36));
  return ids;
}

interface Tally {
  tried: number;
  confirmed: number;
  failed: number;
  sample: string;
  readonly callsMs: number[];
}

async function drive(
  agent: Agent,
  url: string,
  bodies: readonly Buffer[],
  size: number,
  minimal: boolean,
  until: number,
  tally: Tally,
) {
  while (performance.now() < until) {
    const body = bodies[Math.floor(Math.random() * bodies.length)] ?? tryBatch(size);
    const begunAt = performance.now();
    const held = await post(agent, url, body, minimal);
    const heldAt = performance.now();
    const ids = idsOf(held.text);
    const operations = ids.map((id) => `{"op":"confirm","id":"${id}"}`).join(',');
    const sold =
      ids.length === 0 ? { status: 0, text: '' } : await post(agent, url, Buffer.from(`{"operations":[${operations}]}`), minimal);
    tally.callsMs.push(heldAt - begunAt, performance.now() - heldAt);
    const tried = countOf(held.text, '"status":201');
    const confirmed = countOf(sold.text, '"status":200');
    tally.tried += tried;
    tally.confirmed += confirmed;
    tally.failed += size - tried + (ids.length - confirmed);
    if (tried < size && tally.sample === '') tally.sample = `${held.status} ${held.text.slice(0, 300)}`;
    else if (confirmed < ids.length && tally.sample === '') tally.sample = `${sold.status} ${sold.text.slice(0, 300)}`;
  }
}

/**
 * @param size operations in a call
 * @param minimal whether to ask for `{id, state}` alone
 */
export async function runBatchLoad(url: string, size: number, minimal: boolean, seconds: number): Promise<BatchResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const bodies = Array.from({ length: PREPARED_BODIES }, () => tryBatch(size));
  const tally: Tally = { tried: 0, confirmed: 0, failed: 0, sample: '', callsMs: [] };
  const cpuBefore = process.cpuUsage();
  const begunAt = performance.now();
  const until = begunAt + seconds * 1000;
  await Promise.all(Array.from({ length: CONNECTIONS }, () => drive(agent, url, bodies, size, minimal, until, tally)));
  const elapsedMs = performance.now() - begunAt;
  const cpu = process.cpuUsage(cpuBefore);
  agent.destroy();
  const sorted = tally.callsMs.toSorted((a, b) => a - b);
  const operations = tally.tried + tally.confirmed;
  return {
    operationsPerSecond: operations / (elapsedMs / 1000),
    operations,
    tried: tally.tried,
    confirmed: tally.confirmed,
    failed: tally.failed,
    sample: tally.sample,
    callP99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
    clientCpuShare: (cpu.user + cpu.system) / 1000 / elapsedMs,
  };
}
