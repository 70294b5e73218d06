// Owns the step from a validated body to a command of those who run the service: participants, and branches that are stuck. No I/O.
import type { PutParticipantCommand, ResolveCommand, RetryCommand } from '../coordinator/command.ts';
import type { BranchId, TransactionId } from '../coordinator/model.ts';
import { PARTICIPANT_DEFAULTS as DEFAULTS, PutParticipantBody, ResolveBody, RetryBody } from './participant-schemas.ts';
import { plainUrl } from './participant-url.ts';
import { accepted, type Result } from './result.ts';
import { validate } from './validate.ts';

export function putParticipantCommand(name: string, body: unknown): Result<PutParticipantCommand> {
  const parsed = validate(PutParticipantBody, body);
  if (!parsed.ok) return parsed;
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
