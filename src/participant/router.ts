// Owns the participant's three routes: what comes in by HTTP becomes a call, and its reply goes out.
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { BodyGone, bodyReaders } from './body.ts';
import { BadCall, type Call, callOf, type Phase } from './call.ts';
import { cleanRegularly } from './clean.ts';
import { report } from './faults.ts';
import { type ParticipantOptions, type Settings, settingsOf } from './options.ts';
import { settle } from './settle.ts';
import { NotSigned } from './signature.ts';

/** An Express router with the routes /try, /confirm and /cancel; mount it where the participant's registered URL points. */
export type Participant = Router & {
  /** Stops the cleaning and lets go of the pool, which stays open. Calls under way are finished. */
  close(): Promise<void>;
};

const PHASES: readonly Phase[] = ['try', 'confirm', 'cancel'];

/**
 * Makes a participant of three handlers. Duplicates, empty cancels and late Tries are settled before they are called.
 * Calls that the coordinator did not sign are answered 401, before anything is looked at.
 * @throws TypeError, RangeError where an option cannot be meant
 */
export function participant<Payload = unknown>(options: ParticipantOptions<Payload>): Participant {
  const settings = settingsOf(options);
  const router = express.Router();
  const readers = bodyReaders(settings.verify);
  for (const phase of PHASES) {
    router.post(`/${phase}`, ...readers, (request: Request, response: Response) => answer(settings, phase, request, response));
  }
  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (error instanceof NotSigned) return refuseSender(response, error.message);
    if (error instanceof BodyGone) {
      report(settings.onFault, { kind: 'signature', message: error.message, error }, null);
      return response.status(500).json({ reason: 'failed' });
    }
    const status = clientErrorOf(error);
    // Also a status of our own making: none of them is a 2xx.
    if (status === null || response.headersSent) next(error);
    else response.status(status).json({ reason: error instanceof Error ? error.message : 'bad request' });
  });
  // An idle connection that breaks (a restart of PostgreSQL) would end the process where nobody listens.
  const onPoolError = (error: unknown): void =>
    report(settings.onFault, { kind: 'database', message: 'an idle connection broke', error }, null);
  settings.pool.on('error', onPoolError);
  const stopCleaning = cleanRegularly(settings);
  return Object.assign(router, {
    close: async () => {
      await stopCleaning();
      settings.pool.off('error', onPoolError);
    },
  });
}

/** A caller that goes away undoes nothing: the call is finished, and its repeat is answered from the barrier. */
async function answer<Payload>(settings: Settings<Payload>, phase: Phase, request: Request, response: Response): Promise<void> {
  const call = callIn(phase, request);
  const reply = await settle(settings, call);
  if (reply.status === 425 || reply.status === 503) response.set('Retry-After', '1');
  response.status(reply.status).json(reply.body);
}

/** Nothing was looked at or stored. The body is a problem document (RFC 9457). */
function refuseSender(response: Response, detail: string): void {
  response
    .status(401)
    .set('WWW-Authenticate', 'StandardWebhooks')
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title: 'Unauthorized', status: 401, detail }));
}

function callIn(phase: Phase, request: Request): Call {
  return callOf(phase, request.body, {
    idempotencyKey: request.get('idempotency-key'),
    traceparent: request.get('traceparent'),
  });
}

/** @returns null for what the sender of the request is not to blame for */
function clientErrorOf(error: unknown): number | null {
  if (error instanceof BadCall) return 400;
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return null;
  return error.status >= 400 && error.status < 500 ? error.status : null;
}
