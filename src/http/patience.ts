// Owns how long a caller waits for branches (contract, section 4, rule 8): as it prefers, and no longer than it is there.
import type { ServerResponse } from 'node:http';
import type { Refused, TransactionAccepted } from '../coordinator/command.ts';
import { type Patience, type PatientCommand, submitPatiently } from '../coordinator/patient.ts';
import type { AppContext } from './context.ts';
import { DEFAULT_WAIT_S, type Preferences } from './preferences.ts';

/** The patience of a caller that is sent this response. Costs next to nothing until a wait begins. */
export function patienceOf(preferences: Preferences, response: ServerResponse): Patience {
  return { waitMs: (preferences.waitS ?? DEFAULT_WAIT_S) * 1000, signal: signalOfClose(response) };
}

/** Submits a command, and waits while its transaction's branches are asked. */
export function submitWith(
  { coordinator, watch }: Pick<AppContext, 'coordinator' | 'watch'>,
  command: PatientCommand,
  patience: Patience,
): Promise<TransactionAccepted | Refused> {
  // Nothing to wait for, thousands of times a second.
  if (!mayWait(command)) return coordinator.submit(command);
  return submitPatiently(coordinator, watch, command, patience);
}

/** Whether the command may come to wait: a confirm and a cancel do not say whether there are branches. */
export function mayWait(command: PatientCommand): boolean {
  return command.kind !== 'try' || command.branches.length > 0;
}

/** @returns gives one signal, aborted once the connection closes, however often it is asked for */
function signalOfClose(response: ServerResponse): () => AbortSignal {
  let signal: AbortSignal | null = null;
  return () => {
    signal ??= abortedOnClose(response);
    return signal;
  };
}

function abortedOnClose(response: ServerResponse): AbortSignal {
  if (response.destroyed) return AbortSignal.abort();
  const controller = new AbortController();
  // It comes after an answer too, and then there is nobody left to hear it.
  response.once('close', () => controller.abort());
  return controller.signal;
}
