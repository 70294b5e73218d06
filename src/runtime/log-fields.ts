// Owns what lines of the log say of a command, a call or a transaction: the ids to find it by, and its trace where that is recorded.
import { type Command, isTransactionCommand } from '../coordinator/command.ts';
import type { BranchCall } from '../coordinator/effects.ts';

type Fields = Readonly<Record<string, string>>;

/** @param command the first of those that a line is about; null where there is none */
export function fieldsOfCommand(command: Command | null): Fields {
  if (command === null) return {};
  return {
    ...(isTransactionCommand(command) ? { transactionId: command.id } : {}),
    ...('branchId' in command ? { branchId: command.branchId } : {}),
    ...fieldsOfTrace(command.trace),
  };
}

export function fieldsOfCall(call: BranchCall | null): Fields {
  if (call === null) return {};
  const { transactionId, branchId, participant } = call;
  return { transactionId, branchId, participant };
}

function fieldsOfTrace(traceparent: string | undefined): Fields {
  if (traceparent === undefined) return {};
  const [, traceId = '', spanId = ''] = traceparent.split('-');
  return { trace_id: traceId, span_id: spanId };
}
