// Owns the checks of what callers were told: that it outlives every process (I6), and that one id has one outcome for ever (I7).
import type { Evidence } from '../evidence/evidence.ts';
import type { Finding, OperationRecord } from '../record.ts';
import { isForEver, lostCount, lostMovement, lostOf } from './acknowledged.ts';
import { examineAnonymous, unclaimedRows } from './anonymous-tries.ts';
import { conversationOf, conversationsOf } from './conversations.ts';
import { describe, explain } from './explained.ts';
import { collectorOf } from './finding.ts';
import type { Answer } from './legal-answers.ts';
import { latestCommitOf } from './moments.ts';
import { examineMovements, movementIdOf, movementsToldMs } from './movement-answers.ts';
import { examineRefunds } from './refund-answers.ts';
import { type Resolved, resolve } from './resolve.ts';
import { booksOf } from './stock-books.ts';
import { stockKey, toldTransaction } from './told.ts';

/** I6: every 2xx, and every refusal that is for ever, is found in the ledger when all is over. */
export function checkAcknowledged(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'I6', 'An answered 2xx survives the death of every process');
  const movements = new Map(evidence.movements.map((row) => [row.id, row]));
  const books = booksOf(evidence);
  const lost = (operation: OperationRecord, answer: Answer): string | null => {
    switch (operation.kind) {
      case 'movement':
        return answer.status < 300 ? lostMovement(operation, answer, movements.get(movementIdOf(operation) ?? '')) : null;
      case 'set-stock':
        return answer.status < 300 ? lostCount(operation, answer, books) : null;
      default: {
        const told = toldTransaction(answer.body);
        const id = operation.transactionId ?? told?.id ?? '';
        return lostOf(operation, answer, told, evidence.transactions.get(id));
      }
    }
  };
  for (const operation of evidence.operations) {
    const { kind, outcome, endedMs } = operation;
    if (outcome.kind !== 'answer' || kind === 'get-stock' || !isForEver(operation, outcome)) continue;
    collector.examine();
    const why = lost(operation, outcome);
    if (why !== null) collector.violate(`${describe(operation)}, and ${why} in the end`, endedMs);
  }
  return collector.finding();
}

/**
 * I7: every answer is legal and fits what the transaction was between its sending and its answer; no row and no effect is there that
 * nobody had asked for; and every request without an answer came to one thing, or to nothing.
 */
export function checkOneOutcome(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'I7', 'One id, one content, one outcome, for ever; a refusal too');
  const violate = (text: string, atMs: number | null): void => collector.violate(text, atMs);
  const resolved: Resolved = { unknown: 0, tookEffect: 0 };
  const { byId, anonymous } = conversationsOf(evidence);
  const latestCommit = latestCommitOf(evidence.faults);
  let answers = anonymous.filter(({ outcome }) => outcome.kind === 'answer').length;
  for (const [id, operations] of byId) {
    const conversation = conversationOf(id, operations, evidence.transactions);
    const explained = explain(conversation, latestCommit, violate);
    answers += explained.answers;
    resolve(conversation, explained.makers, resolved, violate);
    examineRefunds(conversation, violate);
  }
  examineAnonymous(anonymous, unclaimedRows(evidence, byId), resolved, violate);
  answers += examineMovements(evidence, resolved, violate);
  examineUnknownSkus(evidence, violate);
  collector.examine(answers);
  return collector.finding(detailOf(answers, resolved));
}

/** What was received once is never unknown again. */
function examineUnknownSkus(evidence: Evidence, violate: (text: string, atMs: number | null) => void): void {
  const stockedByMs = stockedBy(evidence);
  for (const operation of evidence.operations) {
    const { kind, asked, outcome, sentMs, endedMs } = operation;
    if (kind !== 'try' || outcome.kind !== 'answer' || outcome.code !== 'unknown-sku') continue;
    const isKnown = (asked.items ?? []).every((item) => (stockedByMs.get(stockKey(item)) ?? Number.POSITIVE_INFINITY) < sentMs);
    if (isKnown) violate(`${describe(operation)}, and all of it had been stocked before`, endedMs);
  }
}

/** When a movement of each SKU in each warehouse was first told as applied. */
function stockedBy({ operations, movements }: Evidence): ReadonlyMap<string, number> {
  const toldMs = movementsToldMs(operations);
  const stockedByMs = new Map<string, number>();
  for (const row of movements) {
    const ms = toldMs.get(row.id);
    if (ms !== undefined) stockedByMs.set(stockKey(row), Math.min(stockedByMs.get(stockKey(row)) ?? ms, ms));
  }
  return stockedByMs;
}

function detailOf(answers: number, { unknown, tookEffect }: Resolved): string {
  const count = (value: number): string => value.toLocaleString('en');
  return `${count(answers)} answers; ${count(unknown)} unknown: ${count(tookEffect)} took effect, ${count(unknown - tookEffect)} did not`;
}
