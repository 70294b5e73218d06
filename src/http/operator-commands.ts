// Owns the step from a validated body to a command of those who run the service: participants, and branches that are stuck. No I/O.
import type { PutParticipantCommand, ResolveCommand, RetryCommand } from '../coordinator/command.ts';
import type { BranchId, TransactionId } from '../coordinator/model.ts';
import { SETTINGS } from '../settings.ts';
import { PARTICIPANT_DEFAULTS as DEFAULTS, PutParticipantBody, ResolveBody, RetryBody } from './participant-schemas.ts';
import { plainUrl } from './participant-url.ts';
import { accepted, invalidAt, type Result } from './result.ts';
import { validate } from './validate.ts';

const ALLOW = SETTINGS.participantAllow.name;

/**
 * @param spareSecret becomes its secret where none is given and it has none
 * @param addressRefusedIn a URL; names are looked at when calls are made: what they stand for may change
 */
export function putParticipantCommand(
  name: string,
  body: unknown,
  spareSecret: string,
  addressRefusedIn: (url: string) => string | null,
): Result<PutParticipantCommand> {
  const parsed = validate(PutParticipantBody, body);
  if (!parsed.ok) return parsed;
  const refusedAddress = addressRefusedIn(parsed.value.url);
  if (refusedAddress !== null) return invalidAt('url', `must not lead to ${refusedAddress}; ${ALLOW} lets addresses in`);
  const { timeoutMs = DEFAULTS.timeoutMs, maxConcurrency = DEFAULTS.maxConcurrency, retry = {}, ...given } = parsed.value;
  const { initialMs = DEFAULTS.retry.initialMs, maxMs = DEFAULTS.retry.maxMs } = retry;
  const { attentionAfter = DEFAULTS.retry.attentionAfter } = retry;
  return accepted({
    kind: 'put-participant',
    name,
    url: plainUrl(given.url),
    timeoutMs,
    maxConcurrency,
    retry: { initialMs, maxMs, attentionAfter },
    secret: given.secret ?? null,
    spareSecret,
  });
}

/**
 * @param body undefined where there was none
 * @param by who asks, for the history
 */
export function retryCommand(id: TransactionId, body: unknown, by: string): Result<RetryCommand> {
  const parsed = validate(RetryBody, body ?? {});
  return parsed.ok ? accepted({ kind: 'retry', id, by }) : parsed;
}

/** @param by who says so, for the history */
export function resolveCommand(id: TransactionId, body: unknown, by: string): Result<ResolveCommand> {
  const parsed = validate(ResolveBody, body);
  if (!parsed.ok) return parsed;
  const { branchId, as, note } = parsed.value;
  return accepted({ kind: 'resolve', id, branchId: branchId.toLowerCase() as BranchId, as, note, by });
}
