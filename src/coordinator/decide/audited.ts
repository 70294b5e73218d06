// Decides what is written down of an administrative act: with the act itself, in one commit. What was refused, or changed nothing, is
// none; but a retry is one, also where no branch waits just then. Pure.
import type { Act } from '../act.ts';
import type { Command } from '../command.ts';
import type { Decision } from './decision.ts';

/** Adds the act that a decision is, where its command names who asks. */
export function audited(command: Command, decision: Decision): Decision {
  const isAct = decision.changes.length > 0 || command.kind === 'retry';
  if (!decision.verdict.ok || !isAct) return decision;
  const act = actOf(command);
  return act === null ? decision : { ...decision, changes: [...decision.changes, { kind: 'record-act', act }] };
}

function actOf(command: Command): Act | null {
  if (!('asker' in command) || command.asker === undefined) return null;
  const { asker } = command;
  switch (command.kind) {
    case 'put-participant': {
      const { name, url, timeoutMs, maxConcurrency, retry, secret } = command;
      const detail = { url, timeoutMs, maxConcurrency, retry, secretGiven: secret !== null };
      return { ...asker, act: 'participant.put', subject: name, note: null, detail };
    }
    case 'remove-participant':
      return { ...asker, act: 'participant.remove', subject: command.name, note: null, detail: {} };
    case 'retry':
      return { ...asker, act: 'transaction.retry', subject: command.id, note: command.note ?? null, detail: { by: command.by } };
    case 'resolve': {
      const { id, branchId, as, note, by } = command;
      return { ...asker, act: 'transaction.resolve', subject: id, note, detail: { branchId, as, by } };
    }
    case 'cancel':
      return { ...asker, act: 'transaction.cancel', subject: command.id, note: command.note, detail: { by: command.by } };
    case 'move-stock': {
      const { id, sku, warehouse, movementKind, quantity, reason } = command;
      const detail = { id, warehouse, kind: movementKind, quantity };
      return { ...asker, act: 'stock.move', subject: sku, note: reason, detail };
    }
    case 'count-stock': {
      const { id, sku, warehouse, counted, reason } = command;
      return { ...asker, act: 'stock.count', subject: sku, note: reason, detail: { id, warehouse, ...counted } };
    }
  }
}
