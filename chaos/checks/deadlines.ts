// Owns the check of deadlines: no confirm, no Try and no extension at or after one, no expiry before it, by PostgreSQL's clock (I8).
import type { Evidence } from '../evidence/evidence.ts';
import type { Finding } from '../record.ts';
import { type Conversation, conversationOf, conversationsOf } from './conversations.ts';
import { type Collector, collectorOf } from './finding.ts';
import { CLOCK_SLACK_MS } from './moments.ts';
import { lifeOf, type Stage } from './transaction-life.ts';

/** I8, by the stamps of the ledger, and once more by the moments at which callers sent what was granted to them. */
export function checkDeadlines(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'I8', 'No confirm at or after the deadline, no expiry before it');
  const { byId } = conversationsOf(evidence);
  let expired = 0;
  for (const [id, operations] of byId) {
    const conversation = conversationOf(id, operations, evidence.transactions);
    examineLife(id, conversation.life, collector);
    examineCallers(conversation, collector);
    if (conversation.row?.reason === 'expired') expired += 1;
  }
  for (const row of evidence.transactions.values()) if (!byId.has(row.id)) examineLife(row.id, lifeOf(row, null), collector);
  return collector.finding(`${expired.toLocaleString('en')} of them expired`);
}

function examineLife(id: string, life: readonly Stage[], collector: Collector): void {
  life.forEach((stage, place) => {
    const { cause, fromMs, state, reason } = stage;
    // An extension is held to the deadline that it moves; a decision to the last one.
    const expiresMs = life[place - 1]?.expiresMs ?? null;
    if (expiresMs === null) return;
    if (cause === 'branches-tried' || cause === 'extend' || (cause === 'decision' && state.startsWith('CONFIRM'))) {
      collector.examine();
      if (fromMs >= expiresMs)
        collector.violate(`${id}: ${state} by ${cause} ${fromMs - expiresMs} ms after its deadline`, fromMs);
    } else if (cause === 'decision' && reason === 'expired') {
      collector.examine();
      if (fromMs < expiresMs) collector.violate(`${id}: expired ${expiresMs - fromMs} ms before its deadline`, fromMs);
    }
  });
}

/** A confirm that took effect was sent before the deadline, by the machine's own clock. */
function examineCallers({ id, operations, row }: Conversation, collector: Collector): void {
  if (row === undefined || !row.state.startsWith('CONFIRM')) return;
  const confirms = operations.filter(({ kind }) => kind === 'confirm' || kind === 'confirm-part');
  if (confirms.length === 0) return;
  collector.examine();
  const firstSentMs = confirms.reduce((least, { sentMs }) => Math.min(least, sentMs), Number.POSITIVE_INFINITY);
  const lateMs = firstSentMs - row.expiresMs;
  if (lateMs > CLOCK_SLACK_MS)
    collector.violate(`${id}: its first confirm was sent ${lateMs} ms after its deadline, and granted`, firstSentMs);
}
