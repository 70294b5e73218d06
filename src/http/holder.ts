// Owns whose reservations a Try makes, where it is counted how much one caller holds.
import type { IncomingMessage } from 'node:http';
import type { Command } from '../coordinator/command.ts';
import { callerOf } from './caller.ts';
import type { AppContext } from './context.ts';

/** The command with whose reservations it makes, where that is counted. */
export function heldBy<C extends Command>(
  { countsHolders }: Pick<AppContext, 'countsHolders'>,
  request: IncomingMessage,
  command: C,
): C {
  const caller = countsHolders === true && command.kind === 'try' ? callerOf(request) : null;
  return caller === null ? command : { ...command, holder: caller.lineage };
}
