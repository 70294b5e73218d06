// Owns the port through which the HTTP side tells of requests, for figures and traces; and what a listener must know of an answer
// that its status does not say.

import type { ServerResponse } from 'node:http';
import type { Request, Response } from 'express';
import type { ProblemCode } from '../errors.ts';

export interface Answered {
  readonly method: string;
  /** As the route is written, such as `/v1/transactions/:id`; empty where there is none. */
  readonly route: string;
  /** Null where the caller went away before it was answered. */
  readonly status: number | null;
  readonly code: ProblemCode | null;
  readonly durationMs: number;
}

export interface HttpObserver {
  arrived(): void;
  /** The answer has been handed to the system, or its caller is gone. */
  answered(answer: Answered): void;
}

export const SILENT: HttpObserver = { arrived: () => {}, answered: () => {} };

const codes = new WeakMap<ServerResponse, ProblemCode>();

/** Told by whoever answers with a problem. */
export function answersWith(response: ServerResponse, code: ProblemCode): void {
  codes.set(response, code);
}

const ends = new WeakMap<ServerResponse, () => void>();

/** Told by whoever has answered all that its caller waits for, though the answer goes on: a stream. */
export function tellAnswered(response: ServerResponse): void {
  ends.get(response)?.();
}

/** Tells the observer of a request that has just arrived, and of its end. */
export function observe(observer: HttpObserver, request: Request, response: Response): void {
  const since = performance.now();
  observer.arrived();
  const end = (): void => {
    if (!ends.delete(response)) return;
    observer.answered({
      method: request.method,
      route: routeOf(request),
      status: response.headersSent ? response.statusCode : null,
      code: codes.get(response) ?? null,
      durationMs: performance.now() - since,
    });
  };
  ends.set(response, end);
  response.once('close', end);
}

function routeOf(request: Request): string {
  // Express's own types leave it open.
  const route = request.route as { readonly path?: unknown } | undefined;
  return typeof route?.path === 'string' ? route.path : '';
}
