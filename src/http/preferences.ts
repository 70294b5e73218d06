// Owns what callers prefer (RFC 7240): how much of the answer they want, and how long they wait for branches. Pure.
import type { ReplyForm } from '../coordinator/command.ts';

export interface Preferences {
  readonly reply: ReplyForm;
  /** Null where the caller names no time, or none that is one. */
  readonly waitS: number | null;
}

/** Rule 8 of the contract, both. */
export const DEFAULT_WAIT_S = 1;
export const MAX_WAIT_S = 30;

const NONE: Preferences = { reply: 'whole', waitS: null };

/**
 * Reads the Prefer headers of a request, joined by commas. Of a preference named twice the first counts, also where it is
 * malformed; those unknown here are ignored, as the RFC wants.
 */
export function readPreferences(prefer: string | undefined): Preferences {
  if (prefer === undefined) return NONE;
  let reply: string | null = null;
  let wait: string | null = null;
  for (const preference of prefer.split(',')) {
    const [name = '', value = ''] = (preference.split(';', 1)[0] ?? '').split('=', 2);
    const kind = name.trim().toLowerCase();
    if (kind === 'return') reply ??= wordOf(value);
    else if (kind === 'wait') wait ??= wordOf(value);
  }
  return { reply: reply?.toLowerCase() === 'minimal' ? 'minimal' : 'whole', waitS: wait === null ? null : secondsOf(wait) };
}

/** The Preference-Applied header, as a name and a value in turn; empty where nothing was applied. */
export function appliedHeaders(reply: ReplyForm, waitS: number | null): readonly string[] {
  const applied = [...(reply === 'minimal' ? ['return=minimal'] : []), ...(waitS === null ? [] : [`wait=${waitS}`])];
  return applied.length === 0 ? [] : ['Preference-Applied', applied.join(', ')];
}

function wordOf(value: string): string {
  return value.trim().replace(/^"(.*)"$/, '$1');
}

/** A longer wait than there is here is cut short; what is no whole number of seconds says nothing. */
function secondsOf(wait: string): number | null {
  return /^[0-9]+$/.test(wait) ? Math.min(Number(wait), MAX_WAIT_S) : null;
}
