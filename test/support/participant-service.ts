// Owns a service as a user of the participant library would write it: handlers that hold money in a table of its own, on a
// real socket and a real database, with an audit of what they did.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import pg from 'pg';
import {
  ensureBarrier,
  type Handler,
  type Participant,
  type ParticipantFault,
  type ParticipantOptions,
  type Phase,
  participant,
} from '../../src/participant/index.ts';

export interface PhaseReply {
  readonly status: number;
  readonly body: { readonly state?: string; readonly reason?: string };
  readonly retryAfter: string | null;
}

export interface PaymentService {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly participant: Participant;
  readonly faults: ParticipantFault[];
  /** How often each handler was entered. */
  readonly runs: Record<Phase, number>;
  /** Exchanges one handler's work for the test's own; null gives the usual one back. */
  instead(phase: Phase, handler: Handler<Payment> | null): void;
  send(phase: Phase, branchId: string, members?: Readonly<Record<string, unknown>>): Promise<PhaseReply>;
  sendRaw(path: string, body: string, headers?: Readonly<Record<string, string>>): Promise<PhaseReply>;
  query(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  stop(): Promise<void>;
}

export interface Payment {
  readonly amount: number;
}

const TABLE = `
CREATE TABLE IF NOT EXISTS hold (
  branch_id uuid PRIMARY KEY, amount int NOT NULL, state text NOT NULL, releases int NOT NULL DEFAULT 0
)`;

/** What a payment service does, without a thought for duplicates. */
const USUAL: Readonly<Record<Phase, Handler<Payment>>> = {
  try: async ({ client, call }) => {
    await client.query(`INSERT INTO hold (branch_id, amount, state) VALUES ($1, $2, 'HELD')`, [
      call.branchId,
      call.payload.amount,
    ]);
  },
  confirm: async ({ client, call }) => {
    await client.query(`UPDATE hold SET state = 'PAID' WHERE branch_id = $1`, [call.branchId]);
  },
  cancel: async ({ client, call }) => {
    await client.query(`UPDATE hold SET state = 'RELEASED', releases = releases + 1 WHERE branch_id = $1`, [call.branchId]);
  },
};

export interface ServiceOptions extends Partial<Omit<ParticipantOptions<Payment>, 'pool'>> {
  readonly poolSize?: number;
  /** Before the participant is reached; 'with-bytes' keeps what came as `rawBody`. */
  readonly parsesJson?: boolean | 'with-bytes';
}

/** Makes the database on the server, where it is not there. */
export async function makeDatabase(
  serverUrl: string,
  name: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  const server = new pg.Client({ connectionString: serverUrl });
  await server.connect();
  await server.query(`CREATE DATABASE ${name}`);
  for (const [setting, value] of Object.entries(settings)) {
    await server.query(`ALTER DATABASE ${name} SET ${setting} = '${value}'`);
  }
  await server.end();
  return serverUrl.replace(/^(postgres(?:ql)?:\/\/[^/?]*\/)[^?]*/, `$1${name}`);
}

export async function startPaymentService(databaseUrl: string, options: ServiceOptions = {}): Promise<PaymentService> {
  const { poolSize = 20, parsesJson = false, ...rest } = options;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: poolSize });
  await ensureBarrier(pool);
  await pool.query(TABLE);
  const faults: ParticipantFault[] = [];
  const runs: Record<Phase, number> = { try: 0, confirm: 0, cancel: 0 };
  const handlers: Record<Phase, Handler<Payment>> = { ...USUAL };
  const entered = (phase: Phase): Handler<Payment> => {
    return (context) => {
      runs[phase] += 1;
      return handlers[phase](context);
    };
  };
  const router = participant<Payment>({
    pool,
    try: entered('try'),
    confirm: entered('confirm'),
    cancel: entered('cancel'),
    onFault: (fault) => faults.push(fault),
    ...(rest.secrets === undefined ? { verify: 'off' } : {}),
    ...rest,
  });
  const app = express();
  const keepBytes = (request: object, _response: unknown, rawBody: Buffer): unknown => Object.assign(request, { rawBody });
  if (parsesJson !== false) app.use(express.json(parsesJson === 'with-bytes' ? { verify: keepBytes } : {}));
  app.use('/payment', router);
  const server = createServer(app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/payment`;
  const sendRaw: PaymentService['sendRaw'] = async (path, body, headers = {}) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return {
      status: response.status,
      body: (await response.json()) as PhaseReply['body'],
      retryAfter: response.headers.get('retry-after'),
    };
  };
  return {
    url,
    pool,
    participant: router,
    faults,
    runs,
    instead: (phase, handler) => {
      handlers[phase] = handler ?? USUAL[phase];
    },
    send: (phase, branchId, members = {}) =>
      sendRaw(`/${phase}`, JSON.stringify(callBody(phase, branchId, members)), { 'idempotency-key': `${branchId}:${phase}` }),
    sendRaw,
    query: async (text, values = []) => (await pool.query(text, [...values])).rows,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await router.close();
      await pool.end();
    },
  };
}

/** A call as the coordinator sends it. */
export function callBody(phase: string, branchId: string, members: Readonly<Record<string, unknown>> = {}): object {
  return {
    transactionId: randomUUID(),
    branchId,
    participant: 'payment',
    phase,
    attempt: 1,
    expiresAt: '2026-11-22T08:15:00.000Z',
    payload: { amount: 5 },
    ...members,
  };
}

/** '200 TRIED', '409 cancelled': reads well when an expectation fails. */
export function brief(reply: PhaseReply): string {
  return `${reply.status} ${reply.body.state ?? reply.body.reason ?? ''}`.trim();
}
