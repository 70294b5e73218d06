// Owns a run from beginning to end: private servers, a coordinator, the requests, and then whether all invariants hold still.
import { readFileSync } from 'node:fs';
import { verifyAudit } from '../src/access/verify.ts';
import type { Drift } from '../src/coordinator/keeping.ts';
import { PostgresAudit } from '../src/ledger/audit.ts';
import { PostgresKeeping } from '../src/ledger/keeping.ts';
import { Pool } from '../src/ledger/pool.ts';
import { audit } from '../test/support/audit.ts';
import { startCoordinator } from '../test/support/coordinator.ts';
import { expectAnswerToMatch, type OpenApiDocument } from '../test/support/openapi.ts';
import { startPostgres, startRedis } from '../test/support/servers.ts';
import { SOUND } from './framing.ts';
import { startParticipants } from './participants.ts';
import type { FuzzRequest } from './requests.ts';
import { type FuzzResult, runFuzz } from './run.ts';
import { headerOf, type WireAnswer } from './wire.ts';

export interface Whole {
  readonly result: FuzzResult;
  /** What does not hold any more. */
  readonly left: readonly string[];
  readonly seconds: number;
}

const CONNECTIONS = 24;
const OPEN_SHARE = 0.2;
/** A coordinator under load holds some 200 MB. */
const MOST_RESIDENT_MB = 700;
const MOST_COUNTERS = 10_000;

export async function fuzzed({ seed, requests }: { readonly seed: number; readonly requests: number }): Promise<Whole> {
  const [postgres, redis, participants] = await Promise.all([startPostgres(), startRedis(), startParticipants()]);
  const coordinator = await startCoordinator({
    env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url, LOG_LEVEL: 'error', HOLDFAST_PARTICIPANT_ALLOW: '127.0.0.1' },
  });
  try {
    const document = (await (await fetch(`${coordinator.url}/openapi.json`)).json()) as OpenApiDocument;
    const check = (request: FuzzRequest, answer: WireAnswer): void => holdToDocument(document, request, answer);
    const begun = performance.now();
    const result = await runFuzz({
      url: coordinator.url,
      participants: participants.url,
      seed,
      requests,
      connections: CONNECTIONS,
      openShare: OPEN_SHARE,
      check,
    });
    const seconds = (performance.now() - begun) / 1000;
    const left = [
      ...(await faultsLeft(postgres.url, coordinator.pid)),
      ...(await faultsOfService(coordinator.url, result.credential)),
    ];
    if (participants.calls() === 0) left.push('no participant was ever called');
    if (/"level":[56]0/.test(coordinator.output())) left.push(`it logged a fault: ${coordinator.output().slice(0, 2_000)}`);
    const exitCode = await coordinator.stop();
    if (exitCode !== 0) left.push(`it ended with ${exitCode}`);
    return { result, left, seconds };
  } finally {
    await coordinator.stop();
    await Promise.all([postgres.stop(), redis.stop(), participants.stop()]);
  }
}

/** Where the path is one of the document's and was not made odd: otherwise which operation was meant is not to be said. */
function holdToDocument(document: OpenApiDocument, { method, target, framing }: FuzzRequest, answer: WireAnswer): void {
  const { status, body } = answer;
  const contentType = headerOf(answer, 'content-type') ?? '';
  if (!['GET', 'POST', 'PUT', 'DELETE'].includes(method) || !SOUND.has(framing) || target.startsWith('/console')) return;
  if (/[#;\\]|\/\/|%(?![0-9a-fA-F]{2})|\/\.\.|[^\x21-\x7e]/.test(target) || status === 431 || status === 408 || status === 417)
    return;
  // These are also names of SKUs, which take what a SKU takes.
  if (method !== 'POST' && /^\/v1\/stock\/(?:movements|import)(?:\?|$)/.test(target)) return;
  // A browser is shown the page that asks for a key.
  if (status === 401 && contentType.startsWith('text/html')) return;
  const text = body.toString();
  const parsed = text === '' ? undefined : contentType.includes('json') ? (JSON.parse(text) as unknown) : text;
  expectAnswerToMatch(document, method, target, status, parsed);
}

/** What is stored, and what the process holds. */
async function faultsLeft(databaseUrl: string, pid: number): Promise<string[]> {
  const faults = (await audit(databaseUrl)).map((fault) => JSON.stringify(fault));
  const pool = new Pool({ databaseUrl, size: 1, timeoutMs: 30_000, onFault: () => {} });
  try {
    const { faults: broken } = await new PostgresAudit(pool).read((reading) => verifyAudit(reading));
    faults.push(...broken, ...(await driftIn(pool)).map((drift) => `a counter differs from its rows: ${JSON.stringify(drift)}`));
  } finally {
    await pool.end();
  }
  const residentMb = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  if (residentMb > MOST_RESIDENT_MB) faults.push(`the coordinator holds ${residentMb.toFixed(0)} MB`);
  return faults;
}

/** As the reconciler looks. */
async function driftIn(pool: Pool): Promise<readonly Drift[]> {
  const found: Drift[] = [];
  const looked = await new PostgresKeeping(pool).exclusively('retention', async (session) => {
    found.push(...(await session.drift(await session.counters(null, MOST_COUNTERS))));
  });
  if (!looked) throw new Error('somebody else is looking at the counters');
  return found;
}

/** Whether it does for an ordinary caller what it did before. */
async function faultsOfService(url: string, [name, credential]: FuzzResult['credential']): Promise<string[]> {
  const call = async (method: string, path: string, body: unknown): Promise<number> => {
    const headers = { 'content-type': 'application/json', [name]: credential };
    return (await fetch(url + path, { method, headers, body: JSON.stringify(body) })).status;
  };
  const id = crypto.randomUUID();
  const statuses = [
    await call('PUT', '/v1/stock/AFTERWARDS', { available: 5 }),
    await call('POST', '/v1/transactions', { id, items: [{ sku: 'AFTERWARDS', quantity: 5 }] }),
    await call('POST', `/v1/transactions/${id}/confirm`, {}),
  ];
  return statuses.join() === '200,201,200' ? [] : [`an ordinary caller was answered ${statuses.join()}`];
}
