// Owns how tests speak to a coordinator about transactions with remote branches: short to write, with the whole answer.
import { randomUUID } from 'node:crypto';
import type { CoordinatorProcess } from './coordinator.ts';
import type { ParticipantServer } from './participant-server.ts';

export interface BranchBody {
  readonly id: string;
  readonly participant: string;
  readonly state: string;
  readonly attempts: number;
  readonly nextAttemptAt: string | null;
  readonly lastError: string | null;
}

export interface EventBody {
  readonly at: string;
  readonly event: string;
  readonly from: string | null;
  readonly to: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface TransactionBody {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly needsAttention: boolean;
  readonly items: readonly { readonly sku: string; readonly state: string }[];
  readonly branches: readonly BranchBody[];
  readonly history: readonly EventBody[];
  readonly expiresAt: string;
  readonly code?: string;
  readonly retryable?: boolean;
}

export interface Answer {
  /** Status and code or state: '202 CONFIRMING', '409 participant-refused'. */
  readonly brief: string;
  readonly headers: Headers;
  readonly body: TransactionBody;
}

interface Sent {
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Transactions = ReturnType<typeof transactionsOf>;

/** @param coordinator which of several, asked anew for each call */
export function transactionsOf(coordinator: () => Pick<CoordinatorProcess, 'request'>) {
  const ask = async (method: string, path: string, { json, headers = {} }: Sent = {}): Promise<Answer> => {
    const response = await coordinator().request(path, { method, headers, ...(json === undefined ? {} : { json }) });
    const text = await response.text();
    const body = (text === '' ? {} : JSON.parse(text)) as TransactionBody;
    return { brief: `${response.status} ${body.code ?? body.state ?? ''}`.trim(), headers: response.headers, body };
  };
  const wait = (seconds: number): Record<string, string> => ({ prefer: `wait=${seconds}` });
  const pathOf = (id: string): string => `/v1/transactions/${id}`;
  return {
    ask,
    register: async (name: string, server: ParticipantServer, options: object = {}): Promise<void> => {
      const answer = await ask('PUT', `/v1/participants/${name}`, { json: { url: server.url, ...options } });
      if (!answer.brief.startsWith('200')) throw new Error(`${name} was not registered: ${answer.brief}`);
    },
    stock: async (sku: string, quantity: number): Promise<void> => {
      const answer = await ask('POST', '/v1/stock/movements', { json: { sku, kind: 'RECEIVE', quantity } });
      if (!answer.brief.startsWith('201')) throw new Error(`${sku} was not received: ${answer.brief}`);
    },
    /** @returns the counters as 'available/reserved/deducted' */
    stockOf: async (sku: string): Promise<string> => {
      const { body } = await ask('GET', `/v1/stock/${sku}`);
      const { available, reserved, deducted } = body as unknown as Record<string, number>;
      return `${available}/${reserved}/${deducted}`;
    },
    /** A Try of these participants, and of one of `sku` where it is named. */
    begin: (
      participants: readonly string[],
      options: { id?: string; sku?: string; timeoutMs?: number; seconds?: number } & Sent = {},
    ) => {
      const { id = randomUUID(), sku, timeoutMs, seconds = 5, headers = {} } = options;
      const items = sku === undefined ? {} : { items: [{ sku, quantity: 1 }] };
      const branches = participants.map((participant, index) => ({ participant, payload: { index } }));
      const json = { id, ...items, branches, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
      return ask('POST', '/v1/transactions', { json, headers: { ...wait(seconds), ...headers } });
    },
    confirm: (id: string, seconds = 5, headers: Readonly<Record<string, string>> = {}) =>
      ask('POST', `${pathOf(id)}/confirm`, { headers: { ...wait(seconds), ...headers } }),
    cancel: (id: string, seconds = 5) => ask('POST', `${pathOf(id)}/cancel`, { headers: wait(seconds) }),
    retry: (id: string) => ask('POST', `${pathOf(id)}/retry`),
    resolve: (id: string, branchId: string, as: string, note = 'seen in their books') =>
      ask('POST', `${pathOf(id)}/resolve`, { json: { branchId, as, note } }),
    /** @param seconds how long to wait for its branches */
    get: (id: string, seconds = 0) => ask('GET', pathOf(id), { headers: wait(seconds) }),
  };
}

/** The states of a transaction and of its branches: 'CONFIRMED: CONFIRMED CONFIRMED'. */
export function statesOf({ state, branches }: TransactionBody): string {
  return `${state}: ${branches.map((branch) => branch.state).join(' ')}`;
}
