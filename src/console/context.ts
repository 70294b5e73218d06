// Owns what the console's routes are handed, and the steps that they share.
import type { ConsoleQueries } from '../coordinator/console-queries.ts';
import { problem } from '../errors.ts';
import type { AppContext, Request, Response } from '../http/context.ts';
import { refusalOfQuery } from '../http/query.ts';
import { sendJson, sendProblem } from '../http/reply.ts';
import type { ReadFigures } from '../telemetry/snapshot.ts';
import { refusalOfRead } from './guard.ts';

export interface ConsoleContext extends Pick<AppContext, 'access' | 'coordinator' | 'queries' | 'watch' | 'readiness'> {
  readonly details: ConsoleQueries;
  readonly figures: ReadFigures;
  readonly version: string;
  /** This process's clock, in ms since 1970. */
  readonly now: () => number;
}

const NOT_KEPT = ['Cache-Control', 'no-store'];

export function sendFresh(response: Response, value: unknown): void {
  sendJson(response, 200, JSON.stringify(value), NOT_KEPT);
}

/** As above, where it is written as text already. */
export function sendFreshText(response: Response, text: string): void {
  sendJson(response, 200, text, NOT_KEPT);
}

/** Wraps a read that takes no parameters. */
export function plainRead(
  answer: (request: Request, response: Response) => Promise<void>,
): (request: Request, response: Response) => Promise<void> {
  return async (request, response) => {
    const refusal = refusalOfRead(request.headers) ?? refusalOfQuery(request.url)?.problem ?? null;
    if (refusal === null) await answer(request, response);
    else sendProblem(request, response, refusal);
  };
}

export function sendUnknown(request: Request, response: Response, id: string): void {
  sendProblem(request, response, problem('unknown-transaction', `No transaction has the id ${id}.`));
}
