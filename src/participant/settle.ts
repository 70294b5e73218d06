// Owns one call from the barrier to the answer: mark and handler share a transaction, and every failure has its status.
import type { PoolClient } from 'pg';
import { enter, rememberRefusal } from './barrier.ts';
import type { Call, Phase } from './call.ts';
import { HandlerFailure, type Meaning, meaningOf, messageOf, report } from './faults.ts';
import { guard } from './guard.ts';
import type { Settings } from './options.ts';
import { NotYet, Refusal } from './outcome.ts';
import { type Ended, inTransaction } from './transaction.ts';

export interface Reply {
  readonly status: 200 | 409 | 425 | 500 | 503;
  readonly body: { readonly state: string } | { readonly reason: string };
}

const DONE: Readonly<Record<Phase, Reply>> = {
  try: { status: 200, body: { state: 'TRIED' } },
  confirm: { status: 200, body: { state: 'CONFIRMED' } },
  cancel: { status: 200, body: { state: 'CANCELLED' } },
};
const NOT_YET: Reply = { status: 425, body: { reason: 'not-yet' } };
/** What went wrong inside is for the log, not for the caller. */
const FAILED: Readonly<Record<Meaning, Reply>> = {
  busy: { status: 425, body: { reason: 'busy' } },
  repeat: { status: 500, body: { reason: 'failed' } },
  unavailable: { status: 503, body: { reason: 'unavailable' } },
  fault: { status: 500, body: { reason: 'failed' } },
};
/** A deadlock's loser runs again at once; who loses this often leaves it to the coordinator. */
const RUNS = 3;

/** Never throws: whatever happens has an answer. */
export async function settle<Payload>(settings: Settings<Payload>, call: Call): Promise<Reply> {
  for (let run = 1; ; run += 1) {
    try {
      return await inTransaction(settings.pool, settings, (client, signal) => work(settings, call, client, signal));
    } catch (error) {
      const meaning = meaningOf(error);
      if (meaning === 'repeat' && run < RUNS) continue;
      // That another call on the branch is still at work is nothing to worry about.
      if (meaning !== 'busy') {
        const isHandlers = error instanceof HandlerFailure;
        const kind = isHandlers ? 'handler' : 'database';
        report(settings.onFault, { kind, message: messageOf(error), error: isHandlers ? error.cause : error }, call);
      }
      return FAILED[meaning];
    }
  }
}

async function work<Payload>(
  settings: Settings<Payload>,
  call: Call,
  client: PoolClient,
  signal: AbortSignal,
): Promise<Ended<Reply>> {
  const verdict = await enter(client, call);
  switch (verdict.kind) {
    case 'run':
      return handled(settings, call, client, signal);
    case 'nothing-held':
      return { end: 'commit', value: DONE[call.phase] };
    case 'repeat':
      return { end: 'rollback', value: DONE[call.phase] };
    case 'refused':
      return { end: 'rollback', value: refused(verdict.reason) };
    case 'contradiction': {
      const message = `a ${call.phase} of branch ${call.branchId} cannot be done: ${verdict.reason}`;
      report(settings.onFault, { kind: 'contradiction', message, error: null }, call);
      return { end: 'rollback', value: refused(verdict.reason) };
    }
  }
}

/** The savepoint lets a refused Try keep its mark and nothing else, with no moment between in which a Cancel could come. */
async function handled<Payload>(
  settings: Settings<Payload>,
  call: Call,
  client: PoolClient,
  signal: AbortSignal,
): Promise<Ended<Reply>> {
  await client.query('SAVEPOINT holdfast_handler');
  const outcome = await outcomeOf(settings, call, client, signal);
  if (outcome instanceof NotYet) return { end: 'rollback', value: NOT_YET };
  if (outcome instanceof Refusal) {
    if (call.phase !== 'try') return { end: 'rollback', value: refused(outcome.message) };
    await client.query('ROLLBACK TO SAVEPOINT holdfast_handler');
    await rememberRefusal(client, call.branchId, outcome.message);
    return { end: 'commit', value: refused(outcome.message) };
  }
  // Fails where the handler passed over a failed statement, or ended the transaction itself.
  await client.query('RELEASE SAVEPOINT holdfast_handler').catch((error: unknown) => {
    throw new HandlerFailure(error);
  });
  return { end: 'commit', value: DONE[call.phase] };
}

async function outcomeOf<Payload>(
  settings: Settings<Payload>,
  call: Call,
  client: PoolClient,
  signal: AbortSignal,
): Promise<unknown> {
  const guarded = guard(client);
  try {
    const payload = payloadOf(settings, call);
    return await settings[call.phase]({ client: guarded.client, call: { ...call, payload }, signal });
  } catch (error) {
    if (error instanceof Refusal || error instanceof NotYet) return error;
    throw new HandlerFailure(error);
  } finally {
    guarded.revoke();
  }
}

function payloadOf<Payload>({ parsePayload }: Settings<Payload>, call: Call): Payload {
  // Without a check, the author vouches for the type, as with JSON.parse.
  if (parsePayload === undefined) return call.payload as Payload;
  try {
    return parsePayload(call.payload);
  } catch (error) {
    // It will not fit at the next attempt either, so the coordinator may as well know at once.
    if (call.phase !== 'try' || error instanceof Refusal) throw error;
    throw new Refusal(`invalid-payload: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function refused(reason: string): Reply {
  return { status: 409, body: { reason } };
}
