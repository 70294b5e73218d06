// Owns how a command of the harness ends: in order, whatever happens to it, and with nothing left of what it started.
import { undoEverything } from '../test/support/end.ts';

export const EXIT = { held: 0, broken: 1, notMade: 2 } as const;

/** Whoever waits for what no longer comes is not waited for. */
const UNDO_LIMIT_MS = 60_000;

/**
 * Does the work, undoes what is left, and ends the process with what it returns; with 2 where it throws.
 * @param work gets a signal that fires when it is to end early
 * @param explain what to say of an error
 */
export async function runCommand(
  work: (stop: AbortSignal) => Promise<number>,
  explain: (error: unknown) => void,
): Promise<never> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      say('ending what was started');
      stop.abort();
    });
  }
  // A terminal that has gone away is no reason to leave processes behind.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const unforeseen = Promise.withResolvers<number>();
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      console.error('a fault of the harness:', error);
      stop.abort();
      unforeseen.resolve(EXIT.notMade);
    });
  }
  const made = work(stop.signal).catch((error: unknown) => {
    explain(error);
    return EXIT.notMade;
  });
  const code = await Promise.race([made, unforeseen.promise]);
  setTimeout(() => process.exit(EXIT.notMade), UNDO_LIMIT_MS).unref();
  await undoEverything();
  process.exit(code);
}

export function say(words: string): void {
  console.error(words);
}
