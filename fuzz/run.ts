// Owns a whole run: a coordinator, a crowd of connections, and the verdict on every answer and on what is left in the ledger.

import { faultOf } from './judge.ts';
import { type Caller, type FuzzRequest, Requests } from './requests.ts';
import type { Document } from './values.ts';
import { Wire, type WireAnswer } from './wire.ts';

export interface FuzzOptions {
  readonly url: string;
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

export interface FuzzResult {
  readonly done: number;
  /** How many were answered with each status; 0: the connection ended without an answer. */
  readonly statuses: Readonly<Record<string, number>>;
  /** The first of them. */
  readonly faults: readonly FuzzFault[];
}

const MOST_FAULTS = 20;

/**
 * @throws where there is no coordinator, or it has keys already
 */
export async function runFuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { url, seed, requests, openShare } = options;
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
  const source = new Requests(seed, document);
  const tally: Tally = { statuses: {}, faults: [], done: 0 };
  const open = Math.floor(requests * openShare);
  await crowd(options, source, tally, 0, open, async () => new Map());
  await crowd(options, source, tally, open, requests, () => makeKeys(url));
  return { done: tally.done, statuses: tally.statuses, faults: tally.faults };
}

interface Tally {
  readonly statuses: Record<string, number>;
  readonly faults: FuzzFault[];
  done: number;
}

type Credentials = ReadonlyMap<Caller, string>;

async function crowd(
  { url, connections, check }: FuzzOptions,
  source: Requests,
  tally: Tally,
  from: number,
  to: number,
  credentialsOf: () => Promise<Credentials>,
): Promise<void> {
  const credentials = await credentialsOf();
  let next = from;
  const work = async (): Promise<void> => {
    const wire = new Wire(url);
    while (next < to && tally.faults.length < MOST_FAULTS) {
      const number = next++;
      const { request, caller } = source.at(number, credentials.size === 0);
      const answer = await wire.send(request, credentials.get(caller) ?? null);
      tally.done += 1;
      tally.statuses[answer?.status ?? 0] = (tally.statuses[answer?.status ?? 0] ?? 0) + 1;
      const what = answer === null ? null : (faultOf(request, answer) ?? faultByCheck(check, request, answer));
      if (what !== null) tally.faults.push({ number, what, request: shown(request) });
    }
    wire.close();
  };
  await Promise.all(Array.from({ length: connections }, work));
}

function faultByCheck(check: FuzzOptions['check'], request: FuzzRequest, answer: WireAnswer): string | null {
  try {
    check?.(request, answer);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function shown({ method, target, headers, body }: FuzzRequest): string {
  return `${method} ${target}\n${headers.map(([name, value]) => `${name}: ${value}`).join('\n')}\n${body?.toString('utf8') ?? ''}`.slice(
    0,
    1_500,
  );
}

/** The first key shuts the door behind it; the others are made with it. */
async function makeKeys(url: string): Promise<Credentials> {
  const made = new Map<Caller, string>();
  const make = async (caller: Caller, scopes: readonly string[]): Promise<string> => {
    const admin = made.get('admin');
    const headers = { 'content-type': 'application/json', ...(admin === undefined ? {} : { authorization: admin }) };
    const answer = await fetch(`${url}/v1/keys`, { method: 'POST', headers, body: JSON.stringify({ name: caller, scopes }) });
    if (answer.status !== 201) throw new Error(`a key was answered ${answer.status}`);
    const { id, key } = (await answer.json()) as { readonly id: string; readonly key: string };
    made.set(caller, `Bearer ${key}`);
    return id;
  };
  await make('admin', ['admin']);
  await make('transactions', ['transactions:read', 'transactions:write']);
  await make('stock', ['stock:read', 'stock:write']);
  await make('operations', ['operations:read']);
  const revoked = await make('revoked', ['admin']);
  await fetch(`${url}/v1/keys/${revoked}`, { method: 'DELETE', headers: { authorization: made.get('admin') ?? '' } });
  made.set('nonsense', 'Bearer hf_\u00ff');
  return made;
}
