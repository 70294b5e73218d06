// Owns lanes over the ledger in memory, for tests: stocked with one SKU, and with their answers in one word.
import type { Command, Verdict } from '../../src/coordinator/command.ts';
import { Lane, type LaneOptions } from '../../src/coordinator/lane.ts';
import { movementId, moveOf, transactionId, tryOf } from './commands.ts';
import { MemoryLedger } from './memory-ledger.ts';

export function laneOn(ledger: MemoryLedger, changed: Partial<LaneOptions> = {}): Lane {
  const told = { onEffects: () => {}, onFault: () => {} };
  return new Lane(ledger, { queueLimit: 1000, batchLimit: 100, patienceMs: 5000, ...told, ...changed });
}

export async function stocked(changed: Partial<LaneOptions> = {}): Promise<{ ledger: MemoryLedger; lane: Lane }> {
  const ledger = new MemoryLedger();
  const lane = laneOn(ledger, changed);
  await lane.submit(moveOf(movementId(1), 'RECEIVE', ['s', 1000]));
  ledger.calls.length = 0;
  return { ledger, lane };
}

export function told(verdict: Verdict): string {
  if (!verdict.ok) return verdict.problem.code;
  return 'transaction' in verdict ? verdict.transaction.state : 'done';
}

export const tries = (count: number, from = 100): Command[] =>
  Array.from({ length: count }, (_, index) => tryOf(transactionId(from + index), [['s', 1]]));
