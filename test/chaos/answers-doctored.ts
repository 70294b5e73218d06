// Owns how sound evidence is doctored, one lie at a time, so that a check that would believe it is found out.
import { expect } from 'chai';
import type { Evidence, MovementRow, StockRow, TransactionRow } from '../../chaos/evidence/evidence.ts';
import type { Finding, OperationRecord, Outcome } from '../../chaos/record.ts';
import { transactionId } from '../support/commands.ts';
import { type Story, shop } from './answers-fixtures.ts';

type Answer = Extract<Outcome, { kind: 'answer' }>;
type Check = (evidence: Evidence) => Finding;

/** @param told what is changed of what the operation was told */
export function toldOtherwise(evidence: Evidence, { number }: OperationRecord, told: Partial<Answer>): Evidence {
  const change = (operation: OperationRecord): OperationRecord =>
    operation.number === number ? { ...operation, outcome: { ...(operation.outcome as Answer), ...told } } : operation;
  return { ...evidence, operations: evidence.operations.map(change) };
}

/** As toldOtherwise, of members of the body. */
export function bodyOtherwise(
  evidence: Evidence,
  operation: OperationRecord,
  members: Readonly<Record<string, unknown>>,
): Evidence {
  const { body } = operation.outcome as Answer;
  return toldOtherwise(evidence, operation, { body: { ...(body as object), ...members } });
}

export function askedNever(evidence: Evidence, ...operations: readonly OperationRecord[]): Evidence {
  const numbers = new Set(operations.map(({ number }) => number));
  return { ...evidence, operations: evidence.operations.filter(({ number }) => !numbers.has(number)) };
}

/** At another time than it was. */
export function moved(evidence: Evidence, { number }: OperationRecord, byMs: number): Evidence {
  const move = (operation: OperationRecord): OperationRecord =>
    operation.number === number
      ? { ...operation, sentMs: operation.sentMs + byMs, endedMs: operation.endedMs + byMs }
      : operation;
  return { ...evidence, operations: evidence.operations.map(move) };
}

/** @param row null where it is not to be there at all */
export function rowOtherwise(evidence: Evidence, id: number, row: Partial<TransactionRow> | null): Evidence {
  const transactions = new Map(evidence.transactions);
  const known = transactions.get(transactionId(id));
  if (row === null || known === undefined) transactions.delete(transactionId(id));
  else transactions.set(known.id, { ...known, ...row });
  return { ...evidence, transactions };
}

export function itemOtherwise(evidence: Evidence, id: number, item: Partial<TransactionRow['items'][number]>): Evidence {
  const items = evidence.transactions.get(transactionId(id))?.items ?? [];
  return rowOtherwise(evidence, id, { items: items.map((known, place) => (place === 0 ? { ...known, ...item } : known)) });
}

export function stockOtherwise(evidence: Evidence, sku: string, row: Partial<StockRow>): Evidence {
  return { ...evidence, stock: evidence.stock.map((known) => (known.sku === sku ? { ...known, ...row } : known)) };
}

export function movementsOtherwise(evidence: Evidence, change: (row: MovementRow) => Partial<MovementRow> | null): Evidence {
  const movements = evidence.movements.flatMap((row) => {
    const changed = change(row);
    return changed === null ? [] : [{ ...row, ...changed }];
  });
  return { ...evidence, movements };
}

export function expectHeld(check: Check, evidence: Evidence): void {
  const { violations, examples, examined } = check(evidence);
  expect(examples).to.deep.equal([]);
  expect(violations).to.equal(0);
  expect(examined).to.be.above(0);
}

/** @param words of the first example */
export function expectBroken(check: Check, evidence: Evidence, words: RegExp): void {
  expect(check(evidence).examples.join('\n')).to.match(words);
}

/** Lies by their names: what is told, and the words that find it out. */
export type Lies = Readonly<Record<string, readonly [tell: (story: Story) => Evidence, words: RegExp]>>;

export function itFinds(check: Check, lies: Lies): void {
  for (const [name, [tell, words]] of Object.entries(lies)) it(name, () => expectBroken(check, tell(shop()), words));
}
