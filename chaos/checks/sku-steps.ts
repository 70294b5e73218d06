// Owns the steps of every SKU: each change of its counters, out of the lives of transactions and the movements.
import type { Evidence } from '../evidence/evidence.ts';
import { conversationOf, conversationsOf } from './conversations.ts';
import { explain } from './explained.ts';
import { type LatestCommit, latestCommitOf } from './moments.ts';
import { movementsToldMs } from './movement-answers.ts';
import { addStep, noSteps, type Steps } from './sku-timeline.ts';
import { stockKey, type ToldItem } from './told.ts';
import { keptOf, type Stage } from './transaction-life.ts';

export type StepsByKey = ReadonlyMap<string, Steps>;

export function stepsOf(evidence: Evidence): StepsByKey {
  const steps = new Map<string, Steps>();
  const ofKey = (key: string): Steps => {
    const known = steps.get(key) ?? noSteps();
    steps.set(key, known);
    return known;
  };
  const { byId } = conversationsOf(evidence);
  const latestCommit = latestCommitOf(evidence.faults);
  for (const id of evidence.transactions.keys()) {
    const conversation = conversationOf(id, byId.get(id) ?? [], evidence.transactions);
    // What is wrong with the answers is I7's to tell.
    const { storedByMs } = explain(conversation, latestCommit, () => {});
    addTransaction(conversation.life, storedByMs, ofKey);
  }
  addMovements(evidence, latestCommit, ofKey);
  return steps;
}

/** Between two stages of a transaction, what it keeps of each item has changed, or has not. */
function addTransaction(life: readonly Stage[], storedByMs: readonly number[], ofKey: (key: string) => Steps): void {
  for (let place = 1; place < life.length; place += 1) {
    const [before, after] = [life[place - 1]?.items ?? [], life[place]];
    for (const [index, item] of (after?.items ?? []).entries()) {
      const [was, is] = [keptBy(before[index]), keptOf(item)];
      const [reserved, deducted] = [is.reserved - was.reserved, is.deducted - was.deducted];
      if (reserved === 0 && deducted === 0) continue;
      // What is reserved or sold is not available, and what is neither, is.
      const change = { available: 0 - reserved - deducted, reserved, deducted };
      addStep(ofKey(stockKey(item)), after?.fromMs ?? 0, storedByMs[place] ?? Number.POSITIVE_INFINITY, change);
    }
  }
}

function keptBy(item: ToldItem | undefined): ReturnType<typeof keptOf> {
  return item === undefined ? { reserved: 0, deducted: 0 } : keptOf(item);
}

function addMovements({ movements, operations }: Evidence, latestCommit: LatestCommit, ofKey: (key: string) => Steps): void {
  const toldMs = movementsToldMs(operations);
  for (const row of movements) {
    if (row.delta === 0) continue;
    const byMs = Math.min(latestCommit(row.atMs), toldMs.get(row.id) ?? Number.POSITIVE_INFINITY);
    addStep(ofKey(stockKey(row)), row.atMs, byMs, { available: row.delta, reserved: 0, deducted: 0 });
  }
}
