// Owns waiting for a transaction that branches keep on its way, without asking too often.
import type { TransactionBrief, TransactionState } from './answers.ts';
import { pause } from './attempt.ts';

/** The coordinator waits this long before each answer; proxies cut longer silences. */
export const POLL_WAIT_SECONDS = 20;
/** From one question to the next at least, in milliseconds, should the coordinator answer at once. */
const POLL_INTERVAL_MS = 500;

/** On its way to another state by itself: nobody but the coordinator and the participants has to do anything. */
export function isOnItsWay(state: TransactionState): boolean {
  return state === 'TRYING' || state === 'CONFIRMING' || state === 'CANCELLING';
}

/**
 * Asks until the answer fits.
 * @throws what `ask` throws, or the reason of the signal
 */
export async function askUntil<Answer extends TransactionBrief>(
  ask: () => Promise<Answer>,
  fits: (state: TransactionState) => boolean,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  for (;;) {
    const askedAt = performance.now();
    const answer = await ask();
    if (fits(answer.state)) return answer;
    await pause(Math.max(0, askedAt + POLL_INTERVAL_MS - performance.now()), signal);
  }
}
