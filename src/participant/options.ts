// Owns what a participant is made of: the author's options, their defaults and the check of them.
import type { ClientBase, Pool } from 'pg';
import type { Call } from './call.ts';
import { logFault, type OnFault } from './faults.ts';
import type { NotYet, Refusal } from './outcome.ts';
import { DEFAULT_TOLERANCE_MS, type Verify, verifierOf } from './signature.ts';

export interface HandlerContext<Payload = unknown> {
  /**
   * A connection inside the transaction that the barrier's mark is in: what is written through it stays if and only if the
   * call is answered as done. It must not commit or roll back, and cannot be used after the handler has ended.
   */
  readonly client: ClientBase;
  readonly call: Call<Payload>;
  /** Aborted when the call has taken `timeoutMs`: nothing that is done afterwards stays. To pass on to fetch and the like. */
  readonly signal: AbortSignal;
}

/**
 * Does a phase's work. It may be run again after a failure, so whatever it does outside its database must bear that.
 * Throws, or returns, a Refusal or NotYet; anything else it throws rolls back everything and is answered 500.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: most handlers have nothing to return
export type Handler<Payload = unknown> = (context: HandlerContext<Payload>) => Promise<Refusal | NotYet | void>;

export interface ParticipantOptions<Payload = unknown> {
  /** Of the service's own database, where `holdfast_barrier` stands; it stays the author's to end. */
  readonly pool: Pool;
  /**
   * What the coordinator signs its calls with, as this participant is registered there: one `whsec_…`, or two while one takes the
   * place of the other. A call that is signed with neither is answered 401.
   */
  readonly secrets?: readonly string[];
  /** 'off' takes calls from anybody who reaches the routes: then no `secrets` are given. */
  readonly verify?: 'off';
  /** How far the time of a signature may be from the clock here, either way, in ms: at most an hour. Default 5 minutes. */
  readonly toleranceMs?: number;
  /** Checks and holds: after it, a Confirm must not fail for business reasons. */
  readonly try: Handler<Payload>;
  /** Makes what was held final. */
  readonly confirm: Handler<Payload>;
  /** Releases what was held. Only called where a Try has succeeded. */
  readonly cancel: Handler<Payload>;
  /**
   * Checks what came as payload. What it throws refuses a Try, and is a failure of a Confirm or Cancel. Without it, the
   * payload is taken for what the type says.
   */
  readonly parsePayload?: (payload: unknown) => Payload;
  /** Told of everything that an operator should see; must not throw. Default: console.error. */
  readonly onFault?: OnFault;
  /** How long a call waits for a connection, or for another call on the same branch, in ms. Default 2000. */
  readonly waitMs?: number;
  /** How long a call may take altogether, in ms. Default 30000. */
  readonly timeoutMs?: number;
  /**
   * How long settled branches are remembered, in ms, at least a day. Default 30 days. After it, a Try that was on its way
   * all the time would be taken for a new one, and a Confirm whose answer never reached the coordinator for one without
   * Try: so it is longer than any request can be late and any coordinator can be down. What is undecided is kept for ever.
   */
  readonly keepMs?: number;
  /** How long between two cleanings, in ms. Default an hour. */
  readonly cleanEveryMs?: number;
}

export type Settings<Payload> = Required<
  Omit<ParticipantOptions<Payload>, 'parsePayload' | 'secrets' | 'verify' | 'toleranceMs'>
> &
  Pick<ParticipantOptions<Payload>, 'parsePayload'> & {
    /** Null: anybody is believed. */
    readonly verify: Verify | null;
  };

export const DAY_MS = 86_400_000;
/** By far shorter than what was settled is remembered: a call that is sent again must find that it was. */
const LONGEST_TOLERANCE_MS = 3_600_000;
export const DEFAULT_KEEP_MS = 30 * DAY_MS;
/** A timer of Node takes no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @throws RangeError, TypeError where an option cannot be meant */
export function settingsOf<Payload>(options: ParticipantOptions<Payload>): Settings<Payload> {
  for (const handler of ['try', 'confirm', 'cancel'] as const) {
    if (typeof options[handler] !== 'function') throw new TypeError(`participant needs a handler named ${handler}`);
  }
  const { secrets: _secrets, toleranceMs: _toleranceMs, ...rest } = options;
  return {
    ...rest,
    verify: verifyOf(options),
    onFault: options.onFault ?? logFault,
    waitMs: duration('waitMs', options.waitMs ?? 2000, 1, LONGEST_TIMER_MS),
    timeoutMs: duration('timeoutMs', options.timeoutMs ?? 30_000, 1, LONGEST_TIMER_MS / 2),
    keepMs: keepOf(options.keepMs),
    cleanEveryMs: duration('cleanEveryMs', options.cleanEveryMs ?? 3_600_000, 1, LONGEST_TIMER_MS),
  };
}

/** Nobody is believed unless that is asked for: an address inside a network is no proof of who calls. */
function verifyOf<Payload>({ secrets, verify, toleranceMs }: ParticipantOptions<Payload>): Verify | null {
  if (verify === undefined && secrets !== undefined) {
    return verifierOf(secrets, duration('toleranceMs', toleranceMs ?? DEFAULT_TOLERANCE_MS, 1000, LONGEST_TOLERANCE_MS));
  }
  if (verify === 'off' && secrets === undefined) return null;
  throw new TypeError(
    "participant needs secrets: ['whsec_…'], what the coordinator signs its calls with; or verify: 'off', to take calls from anybody who reaches it",
  );
}

/** @throws RangeError where it is shorter than a day */
export function keepOf(keepMs: number | undefined): number {
  return duration('keepMs', keepMs ?? DEFAULT_KEEP_MS, DAY_MS, Number.MAX_SAFE_INTEGER);
}

function duration(name: string, value: number, least: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be an integer number of milliseconds, from ${least} to ${most}`);
  }
  return value;
}
