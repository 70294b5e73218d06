// Owns what was seen of the counters of each SKU and warehouse, and when: by callers in answers, by movements under their locks.
import type { Evidence, MovementRow, StockRow } from '../evidence/evidence.ts';
import type { OperationRecord } from '../record.ts';
import { stocksIn } from './acknowledged.ts';
import { describe } from './explained.ts';
import { movementIdOf, movementsToldMs } from './movement-answers.ts';
import type { Counters } from './sku-timeline.ts';
import { membersOf, stockKey } from './told.ts';

export interface Observation {
  readonly sku: string;
  readonly warehouse: string;
  /** The counters stood so at a moment between these two. */
  readonly fromMs: number;
  readonly toMs: number;
  /** From when on nobody can see an earlier version. */
  readonly knownMs: number;
  readonly told: Partial<Counters>;
  /** Null where it was not told. */
  readonly version: number | null;
  /** Who says so; made when it is needed. */
  readonly witness: () => string;
}

export type ObservationsByKey = ReadonlyMap<string, readonly Observation[]>;

export function observationsOf(evidence: Evidence): ObservationsByKey {
  const observations = new Map<string, Observation[]>();
  const add = (observation: Observation): void => {
    const known = observations.get(stockKey(observation));
    if (known === undefined) observations.set(stockKey(observation), [observation]);
    else known.push(observation);
  };
  const movements = new Map(evidence.movements.map((row) => [row.id, row]));
  const rowsBySku = Map.groupBy(evidence.stock, ({ sku }) => sku);
  const toldMs = movementsToldMs(evidence.operations);
  for (const row of evidence.movements) if (row.versionAfter !== null) add(afterMovement(row, toldMs.get(row.id)));
  for (const operation of evidence.operations) {
    const { outcome } = operation;
    if (outcome.kind !== 'answer') continue;
    if (outcome.status === 200 && (operation.kind === 'get-stock' || operation.kind === 'set-stock'))
      addStock(operation, outcome.body, add);
    else if (outcome.code === 'insufficient-stock')
      addShortages(operation, outcome.body, momentOf(operation, evidence, movements), add);
    else if (outcome.status === 404 && operation.kind === 'get-stock') addUnknown(operation, rowsBySku, add);
  }
  return observations;
}

type Moment = Pick<Observation, 'fromMs' | 'toMs' | 'knownMs'>;

/** It is stamped under the lock of its row, and says what it left; that others see it is certain once it was told. */
function afterMovement(row: MovementRow, toldMs = Number.POSITIVE_INFINITY): Observation {
  const { id, sku, warehouse, atMs, versionAfter } = row;
  const told = { available: row.availableAfter ?? 0, reserved: row.reservedAfter ?? 0, deducted: row.deductedAfter ?? 0 };
  const moment = { fromMs: atMs, toMs: atMs, knownMs: toldMs };
  return { sku, warehouse, ...moment, told, version: versionAfter, witness: () => `movement ${id} in the ledger` };
}

function addStock(operation: OperationRecord, body: unknown, add: (observation: Observation) => void): void {
  for (const { sku, warehouse, version, available, reserved, deducted } of stocksIn(body)) {
    const told = { available, reserved, deducted };
    add({ sku, warehouse, ...between(operation), told, version, witness: () => describe(operation) });
  }
}

/** What was never stocked has nothing of anything. */
function addUnknown(
  operation: OperationRecord,
  rowsBySku: ReadonlyMap<string, readonly StockRow[]>,
  add: (observation: Observation) => void,
): void {
  for (const { sku, warehouse } of rowsBySku.get(operation.asked.sku ?? '') ?? []) {
    const told = { available: 0, reserved: 0, deducted: 0 };
    add({ sku, warehouse, ...between(operation), told, version: null, witness: () => describe(operation) });
  }
}

function addShortages(operation: OperationRecord, body: unknown, moment: Moment, add: (observation: Observation) => void): void {
  const { shortages } = membersOf(body);
  if (!Array.isArray(shortages)) return;
  for (const { sku, warehouse, available } of shortages) {
    add({ sku, warehouse, ...moment, told: { available }, version: null, witness: () => describe(operation) });
  }
}

/** A refusal that is kept was decided under the locks at the stamp of its row, however often and late it is told again. */
function momentOf(
  operation: OperationRecord,
  { transactions }: Pick<Evidence, 'transactions'>,
  movements: ReadonlyMap<string, MovementRow>,
): Moment {
  const row = operation.kind === 'try' ? transactions.get(operation.transactionId ?? '') : undefined;
  const keptMs = row?.reason === 'insufficient-stock' ? row.createdMs : movements.get(movementIdOf(operation) ?? '')?.atMs;
  return keptMs === undefined ? between(operation) : { ...between(operation), fromMs: keptMs, toMs: keptMs };
}

function between({ sentMs, endedMs }: OperationRecord): Moment {
  return { fromMs: sentMs, toMs: endedMs, knownMs: endedMs };
}
