// Owns the tests of how a transaction with branches reads to a person.
import { expect } from 'chai';
import type { Transaction } from '../../src/cli/answers.ts';
import { transactionText } from '../../src/cli/inspect-view.ts';
import { paintFor } from '../../src/cli/text.ts';

const plain = paintFor({ isTTY: false }, {});
const NOW_MS = Date.parse('2026-11-22T08:10:00.000Z');
const BRANCH = { id: 'b1', participant: 'payment', state: 'TRIED', attempts: 1, nextAttemptAt: null, lastError: null };

function shown(more: Partial<Transaction>): string {
  const transaction: Transaction = {
    ...{ id: 't1', state: 'CONFIRMING', reason: null, note: null, needsAttention: false, items: [], branches: [] },
    ...{ reference: null, metadata: null, history: [] },
    createdAt: '2026-11-22T08:00:00.000Z',
    expiresAt: '2026-11-22T08:15:00.000Z',
    updatedAt: '2026-11-22T08:09:59.000Z',
    ...more,
  };
  return transactionText(transaction, NOW_MS, plain);
}

describe('a transaction with branches, to a person', () => {
  it('tells what each is asked, when it is asked again, and where an operator is needed', () => {
    const text = shown({
      branches: [
        {
          ...BRANCH,
          phase: 'confirm',
          nextAttemptAt: '2026-11-22T08:10:30.000Z',
          lastError: 'answered 500',
          needsAttention: true,
        },
        { ...BRANCH, phase: 'cancel' },
        { ...BRANCH, phase: null, needsAttention: false },
        // As an older coordinator tells of it.
        BRANCH,
      ],
    });
    const rows = text.split('\n').filter((line) => line.includes('payment'));
    expect(rows[0]).to.match(/payment +TRIED +confirm +1 +in 30(\.0)? s; needs an operator +b1 +answered 500/);
    expect(rows[1]).to.match(/payment +TRIED +cancel +1 +under way +b1/);
    for (const row of rows.slice(2)) expect(row).to.match(/payment +TRIED +1 +b1/);
  });

  it('tells since when it is in its state by its own events, not by those of its branches', () => {
    const detail = { branchId: 'b1', participant: 'payment' };
    const history = [
      { at: '2026-11-22T08:00:00.000Z', event: 'TRY', from: null, to: 'TRYING' },
      { at: '2026-11-22T08:00:01.000Z', event: 'BRANCHES_TRIED', from: 'TRYING', to: 'TRIED' },
      { at: '2026-11-22T08:09:00.000Z', event: 'ATTEMPT_TRY', from: 'REGISTERED', to: 'TRIED', detail },
    ];
    expect(shown({ state: 'TRIED', history })).to.match(/Since +2026-11-22 08:00:01/);
  });
});
