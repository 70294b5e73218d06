// Owns what every route is handed, and the small steps that routes share.
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { Gate } from '../access/gate.ts';
import type { AuditLog, KeyStore } from '../access/store.ts';
import type { Coordinator } from '../coordinator/command.ts';
import { isUuid } from '../coordinator/content.ts';
import type { Queries } from '../coordinator/queries.ts';
import type { Watch } from '../coordinator/watch.ts';
import type { JsonBody } from './body.ts';
import { readIdempotencyKey, readTraceparent } from './headers.ts';
import type { Limits } from './limits.ts';
import type { HttpObserver } from './observer.ts';
import { type Preferences, readPreferences } from './preferences.ts';
import { sendProblem } from './reply.ts';
import { accepted, invalidAt, type Result } from './result.ts';
import { spanOf } from './tracer.ts';

/** What a route is made of, for the layers above that add some. */
export type { Express, Request, Response } from 'express';

/** How often a SKU was asked for, per second. */
export interface HotStock {
  readonly sku: string;
  readonly warehouse: string;
  readonly triesPerS: number;
  readonly reservedPerS: number;
  readonly shortagesPerS: number;
}

export interface Readiness {
  readonly postgres: 'up' | 'down';
  readonly redis: 'up' | 'down' | 'off';
}

/** Who may call, and the record of what administrators did. */
export interface Access {
  readonly gate: Gate;
  readonly keys: KeyStore;
  readonly audit: AuditLog;
  /** Takes in a change of the keys, in this process at once. */
  readonly keysChanged: () => Promise<void>;
}

export interface AppContext {
  readonly access: Access;
  readonly coordinator: Coordinator;
  readonly queries: Queries;
  /** Tells those who wait of what becomes of branches. */
  readonly watch: Watch;
  readonly readiness: () => Promise<Readiness>;
  readonly observer: HttpObserver;
  /** For Prometheus, of every process of this instance. */
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
  /** The SKUs that are asked for most, of every process of this instance. */
  readonly hottest: (limit: number) => Promise<{ readonly items: readonly HotStock[]; readonly windowS: number }>;
  /** The address in a participant's URL where no call may go there; null where one may, or a name stands there. */
  readonly addressRefusedIn: (url: string) => string | null;
  /** Whether it is counted how much stock one caller holds. */
  readonly countsHolders?: boolean;
  /** How often callers may call; without it, as often as they like. */
  readonly limits?: Limits;
  readonly log: Logger;
  /** True from the first SIGTERM on: what is in flight is finished, nothing new is begun. */
  readonly isDraining: () => boolean;
}

/** The id in a path, in lower case. */
export function idOf<Id extends string>(request: Request): Result<Id> {
  const id = request.params.id;
  if (typeof id !== 'string' || !isUuid(id)) return invalidAt('path id', 'must be a UUID');
  return accepted(id.toLowerCase() as Id);
}

/** One header, where node would give a list only for Set-Cookie. */
export function headerOf(request: Request, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

export function idempotencyKeyOf(request: Request): Result<string | null> {
  return readIdempotencyKey(headerOf(request, 'idempotency-key'));
}

export function preferencesOf(request: Request): Preferences {
  return readPreferences(headerOf(request, 'prefer'));
}

/** What the participants that a request leads to are told of its trace; null where it names none, and has no span of its own. */
export function traceparentOf(request: Request): string | null {
  const span = spanOf(request);
  if (span !== null) return span.traceparent;
  return readTraceparent(headerOf(request, 'traceparent'));
}

/** Answers a body that could not be read; a caller that went away half-way gets nothing, and no line in the log. */
export function sendBodyRefusal(request: Request, response: Response, body: JsonBody & { readonly ok: false }): void {
  if (body.problem !== null) sendProblem(request, response, body.problem);
}
