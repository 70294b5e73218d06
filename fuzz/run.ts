// Owns a whole run: a coordinator, a crowd of connections, and the verdict on every answer and on what is left in the ledger.

import { faultOf } from './judge.ts';
import { Memory } from './memory.ts';
import { type Caller, type FuzzRequest, Requests } from './requests.ts';
import type { Document } from './values.ts';
import { Wire, type WireAnswer } from './wire.ts';

export interface FuzzOptions {
  readonly url: string;
  /** Where the participants listen. */
  readonly participants: string;
  readonly seed: number;
  readonly requests: number;
  readonly connections: number;
  /** The share of the requests that come before there is any key. */
  readonly openShare: number;
  /** Holds an answer to the document besides; throws where it does not fit. */
  readonly check?: (request: FuzzRequest, answer: WireAnswer) => void;
}

export interface FuzzFault {
  readonly number: number;
  readonly what: string;
  readonly request: string;
}

/** How often an operation was asked for, and how often that was done. */
export interface Reach {
  asked: number;
  done: number;
}

export interface FuzzResult {
  readonly done: number;
  /** How many were answered with each status; 0: the connection ended without an answer. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly operations: Readonly<Record<string, Reach>>;
  /** The first of them. */
  readonly faults: readonly FuzzFault[];
  /** An administrator's. */
  readonly credential: readonly [string, string];
}

const MOST_FAULTS = 20;

/**
 * @throws where there is no coordinator, or it has keys already
 */
export async function runFuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { url, seed, requests, openShare, participants } = options;
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
  const source = new Requests(seed, document);
  const tally: Tally = { statuses: {}, faults: [], done: 0, operations: {}, memory: new Memory() };
  for (const operation of source.operations) tally.operations[operation] = { asked: 0, done: 0 };
  tally.memory.keep('participants', participants);
  await registerParticipants(url, participants);
  const open = Math.floor(requests * openShare);
  await crowd(options, source, tally, 0, open, new Map());
  const credentials = await makeKeys(url);
  await crowd(options, source, tally, open, requests, credentials);
  const { done, statuses, operations, faults } = tally;
  return { done, statuses, operations, faults, credential: credentials.get('admin') ?? ['', ''] };
}

interface Tally {
  readonly statuses: Record<string, number>;
  readonly operations: Record<string, Reach>;
  readonly faults: FuzzFault[];
  readonly memory: Memory;
  done: number;
}

type Credentials = ReadonlyMap<Caller, readonly [string, string]>;

async function crowd(
  { url, connections, check }: FuzzOptions,
  source: Requests,
  tally: Tally,
  from: number,
  to: number,
  credentials: Credentials,
): Promise<void> {
  let next = from;
  const work = async (): Promise<void> => {
    const wire = new Wire(url);
    while (next < to && tally.faults.length < MOST_FAULTS) {
      const number = next++;
      const { request: made, caller } = source.at(number, credentials.size === 0);
      const request = tally.memory.fill(made);
      const credential =
        caller === 'made' && credentials.size > 0 ? tally.memory.credential() : (credentials.get(caller) ?? null);
      const answer = await wire.send(request, credential);
      count(tally, request, answer);
      const what = faultOf(request, answer) ?? (answer === null ? null : faultByCheck(check, request, answer));
      if (what !== null) tally.faults.push({ number, what, request: shown(request) });
      else if (answer !== null) tally.memory.learn(request, answer);
    }
    wire.close();
  };
  await Promise.all(Array.from({ length: connections }, work));
}

function count(tally: Tally, { operation, method }: FuzzRequest, answer: WireAnswer | null): void {
  const status = answer?.status ?? 0;
  tally.done += 1;
  tally.statuses[status] = (tally.statuses[status] ?? 0) + 1;
  const reach = tally.operations[operation];
  if (reach === undefined || !operation.startsWith(`${method} `)) return;
  reach.asked += 1;
  if (status >= 200 && status < 400) reach.done += 1;
}

function faultByCheck(check: FuzzOptions['check'], request: FuzzRequest, answer: WireAnswer): string | null {
  try {
    check?.(request, answer);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function shown({ method, target, headers, body, framing, cutAt }: FuzzRequest): string {
  return `${method} ${target} (${framing}${cutAt === null ? '' : `, cut at ${cutAt}`})\n${headers.map(([name, value]) => `${name}: ${value}`).join('\n')}\n${body?.toString('utf8') ?? ''}`.slice(
    0,
    1_500,
  );
}

async function registerParticipants(url: string, participants: string): Promise<void> {
  for (const [name, manner] of [
    ['payment', 'good'],
    ['shipping', 'moody'],
    ['fuzz/odd:name', 'broken'],
  ] as const) {
    const body = JSON.stringify({ url: `${participants}/${manner}`, timeoutMs: 1_000 });
    const path = `/v1/participants/${encodeURIComponent(name)}`;
    const answer = await fetch(url + path, { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
    if (answer.status !== 200) throw new Error(`a participant was answered ${answer.status}: ${await answer.text()}`);
  }
}

/** The first key shuts the door behind it; the others are made with it. */
async function makeKeys(url: string): Promise<Credentials> {
  const made = new Map<Caller, readonly [string, string]>();
  const make = async (caller: Caller, scopes: readonly string[]): Promise<string> => {
    const admin = made.get('admin');
    const headers = { 'content-type': 'application/json', ...(admin === undefined ? {} : { authorization: admin[1] }) };
    const answer = await fetch(`${url}/v1/keys`, { method: 'POST', headers, body: JSON.stringify({ name: caller, scopes }) });
    if (answer.status !== 201) throw new Error(`a key was answered ${answer.status}`);
    const { id, key } = (await answer.json()) as { readonly id: string; readonly key: string };
    made.set(caller, caller === 'cookie' ? ['Cookie', `a=b; holdfast_session=${key}`] : ['Authorization', `Bearer ${key}`]);
    return id;
  };
  await make('admin', ['admin']);
  await make('transactions', ['transactions:read', 'transactions:write']);
  await make('stock', ['stock:read', 'stock:write']);
  await make('operations', ['operations:read']);
  await make('cookie', ['admin']);
  const revoked = await make('revoked', ['admin']);
  await fetch(`${url}/v1/keys/${revoked}`, { method: 'DELETE', headers: { authorization: made.get('admin')?.[1] ?? '' } });
  made.set('nonsense', ['Authorization', 'Bearer hf_\u00ff']);
  return made;
}
