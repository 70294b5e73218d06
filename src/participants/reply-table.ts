// Owns what an answer of a participant means: the reply table of the contract (section 6), for statuses and for what is no
// answer at all. Pure.
import type { CallOutcome } from '../coordinator/command.ts';

export interface Reply {
  readonly outcome: CallOutcome;
  /** The HTTP status; null where there was no whole answer. */
  readonly status: number | null;
  /** What an operator should read; null where it is done. */
  readonly error: string | null;
  /** Whether somebody was there: what the breaker wants to know. */
  readonly isAlive: boolean;
}

const MAX_ERROR_CHARACTERS = 300;
/** What a proxy says where it finds nobody behind it. */
const GATEWAY_STATUSES = [502, 503, 504];

/**
 * @param text the beginning of the body
 * @param location of a redirect, which is not followed
 */
export function replyOf(status: number, text: string, location: string | null): Reply {
  if (status === 202 || status === 425)
    return { outcome: 'not-yet', status, error: errorOf(status, 'not yet', text), isAlive: true };
  if (status >= 200 && status < 300) return { outcome: 'done', status, error: null, isAlive: true };
  if (status === 409) return { outcome: 'refused', status, error: errorOf(status, 'refused', text), isAlive: true };
  const isAlive = !GATEWAY_STATUSES.includes(status);
  const told = location === null ? text : `to ${location}, which is not followed`;
  const what = status >= 300 && status < 400 ? 'a redirect' : 'failed';
  return { outcome: 'failed', status, error: errorOf(status, what, told), isAlive };
}

/** No answer, or not a whole one: whether it took effect there is unknown. */
export function noReply(error: unknown, timeoutMs: number, isTimeout: boolean): Reply {
  const words = isTimeout ? `no whole answer within ${timeoutMs} ms` : wordsOf(error);
  return { outcome: 'failed', status: null, error: storable(words), isAlive: false };
}

/** An answer that does not end, or is larger than anybody needs. Somebody is there. */
export function oversizedReply(status: number | null, limitBytes: number): Reply {
  return { outcome: 'failed', status, error: `the answer is larger than ${limitBytes} bytes`, isAlive: true };
}

function errorOf(status: number, what: string, text: string): string {
  const shown = storable(reasonIn(text) ?? text);
  return shown === '' ? `${status}: ${what}` : `${status}: ${shown}`;
}

/** Services that answer in JSON say why in one of these: holdfast/participant in `reason`, problem documents (RFC 9457) in `detail`. */
function reasonIn(text: string): string | null {
  if (!text.startsWith('{')) return null;
  try {
    const { reason, detail } = JSON.parse(text) as { reason?: unknown; detail?: unknown };
    return ([reason, detail].find((value) => typeof value === 'string' && value !== '') as string | null | undefined) ?? null;
  } catch {
    return null;
  }
}

/** An AggregateError (several addresses, each failed) has no words of its own. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(wordsOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? error.name : error.message;
}

/** A participant may answer anything; PostgreSQL stores neither a zero byte nor half a character. */
function storable(text: string): string {
  const plain = text
    .replace(/\p{Cc}+/gu, ' ')
    .toWellFormed()
    .trim();
  const characters = [...plain];
  return characters.length <= MAX_ERROR_CHARACTERS ? plain : `${characters.slice(0, MAX_ERROR_CHARACTERS - 1).join('')}…`;
}
