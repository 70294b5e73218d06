// Owns the callers of the bench of failures: a steady stream of Try and Confirm against each coordinator, every answer kept with
// its moment, so that what an outage did to whom can be told afterwards.
import { Agent, request } from 'undici';
import { SKU_COUNT } from './load.ts';
import { pause } from './pause.ts';

export interface Answer {
  /** Which coordinator was asked. */
  readonly instance: number;
  /** By performance.now(). */
  readonly sentAt: number;
  readonly tookMs: number;
  /** Null where the connection broke, or nothing came within the limit. */
  readonly status: number | null;
  readonly hasRetryAfter: boolean;
  /** What broke, or the body of an answer that is no 2xx; empty otherwise. */
  readonly detail: string;
}

export interface SteadyCallers {
  readonly answers: readonly Answer[];
  /** The ids that were answered CONFIRMED. */
  readonly confirmed: ReadonlySet<string>;
  stop(): Promise<void>;
}

/** Callers of one coordinator, each with a pause between two requests: enough to feel an outage, not enough to measure a queue. */
const CALLERS = 12;
/** Of these, so many have a participant take part. */
const CALLERS_WITH_BRANCHES = 3;
const PAUSE_MS = 20;
/** Who hammers a dead coordinator takes the machine from the others. */
const AFTER_FAILURE_MS = 200;
const LIMIT_MS = 30_000;

/**
 * @param urls where each coordinator is asked
 * @param participant takes part in the transactions of some callers
 */
export function startSteadyCallers(urls: readonly string[], participant: string): SteadyCallers {
  const answers: Answer[] = [];
  const confirmed = new Set<string>();
  const stop = new AbortController();
  const agents = urls.map(() => new Agent({ connections: CALLERS, headersTimeout: LIMIT_MS, bodyTimeout: LIMIT_MS }));
  const ask = async (instance: number, path: string, body: object | null): Promise<{ id?: string; state?: string } | null> => {
    const sentAt = performance.now();
    const note = (status: number | null, hasRetryAfter: boolean, detail: string): void =>
      void answers.push({ instance, sentAt, tookMs: performance.now() - sentAt, status, hasRetryAfter, detail });
    try {
      const response = await request(`${urls[instance]}${path}`, {
        method: 'POST',
        dispatcher: agents[instance] as Agent,
        ...(body !== null && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      const text = await response.body.text();
      const isGood = response.statusCode < 300;
      note(response.statusCode, response.headers['retry-after'] !== undefined, isGood ? '' : text.slice(0, 200));
      return isGood ? (JSON.parse(text) as { id: string; state: string }) : null;
    } catch (error) {
      note(null, false, error instanceof Error ? error.message : String(error));
      return null;
    }
  };
  const call = async (instance: number, branches: readonly object[]): Promise<void> => {
    while (!stop.signal.aborted) {
      const items = [{ sku: `SKU-${1 + Math.floor(Math.random() * SKU_COUNT)}`, quantity: 1 }];
      const held = await ask(instance, '/v1/transactions', { id: crypto.randomUUID(), items, branches });
      await pause(PAUSE_MS);
      // Nobody answered, or a participant has not yet: a caller would look again later; these begin anew.
      if (held === null) await pause(AFTER_FAILURE_MS);
      if (held?.id === undefined || held.state !== 'TRIED') continue;
      const sold = await ask(instance, `/v1/transactions/${held.id}/confirm`, null);
      if (sold?.state === 'CONFIRMED') confirmed.add(held.id);
      await pause(PAUSE_MS);
    }
  };
  const calling = urls.flatMap((_, instance) =>
    Array.from({ length: CALLERS }, (_caller, number) => call(instance, number < CALLERS_WITH_BRANCHES ? [{ participant }] : [])),
  );
  return {
    answers,
    confirmed,
    stop: async () => {
      stop.abort();
      await Promise.all(calling);
      await Promise.all(agents.map((agent) => agent.close()));
    },
  };
}
