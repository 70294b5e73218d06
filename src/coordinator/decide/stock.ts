// Decides what changes stock outside transactions: movements and counts. I1: only these change what there is in all.
import { type Problem, problem } from '../../errors.ts';
import type { CountStockCommand, MovementAccepted, MoveStockCommand, Refused, StockCounted } from '../command.ts';
import { etagOf } from '../etag.ts';
import type { StockRow } from '../model.ts';
import { type Change, COUNTER_LIMIT, type MovementRequest, moved, type Rows, stockKey, stockOfSku } from '../rows.ts';
import { type Decision, refuse, refuseWith } from './decision.ts';

export function decideMoveStock(rows: Rows, command: MoveStockCommand, now: number): Decision<MovementAccepted | Refused> {
  const earlier = rows.movements.get(command.id);
  if (earlier !== undefined) {
    if (earlier.contentHash !== command.contentHash) {
      return refuse(problem('idempotency-mismatch', `Movement ${command.id} was sent with other content.`));
    }
    const { result } = earlier;
    if (!result.applied) return refuse(result.problem, command.idGiven);
    return { verdict: { ok: true, replayed: command.idGiven, movement: result.movement }, changes: [] };
  }
  const { id, sku, warehouse, movementKind, quantity, reason, contentHash } = command;
  const request: MovementRequest = { id, sku, warehouse, kind: movementKind, quantity, reason, at: now };
  const signed = movementKind === 'WRITE_OFF' ? -quantity : quantity;
  const row = rows.stock.get(stockKey(sku, warehouse));
  const refusal = refusalOf(row, sku, warehouse, signed);
  if (refusal !== null) {
    // Kept where the caller gave an id (I7); without one there is nobody to ask again.
    const kept: Change = {
      kind: 'record-movement',
      movement: { id, contentHash, result: { applied: false, problem: refusal, movement: request } },
    };
    return refuse(refusal, false, command.idGiven ? [kept] : []);
  }
  const { changes, after } = applied(rows, sku, warehouse, signed);
  const movement = { ...request, stock: after };
  return {
    verdict: { ok: true, replayed: false, movement },
    changes: [...changes, { kind: 'record-movement', movement: { id, contentHash, result: { applied: true, movement } } }],
  };
}

export function decideCountStock(rows: Rows, command: CountStockCommand, now: number): Decision<StockCounted | Refused> {
  const { sku, warehouse, counted, reason } = command;
  const before = stockOfSku(rows, sku);
  // Its id is made here: finding it stored means that our own first attempt was committed after all.
  if (rows.movements.has(command.id)) return { verdict: { ok: true, replayed: false, stock: before }, changes: [] };
  const mismatch = preconditionFailed(command, before);
  if (mismatch !== null) return mismatch;

  const row = rows.stock.get(stockKey(sku, warehouse));
  const available = 'available' in counted ? counted.available : counted.onHand - (row?.reserved ?? 0);
  if (available < 0) {
    const reserved = row?.reserved ?? 0;
    return refuseWith(
      'insufficient-stock',
      `${reserved} of ${sku} are reserved in ${warehouse}, more than the ${reserved + available} on hand.`,
      {
        shortages: [{ sku, warehouse, requested: reserved, available: reserved + available }],
      },
    );
  }
  const difference = available - (row?.available ?? 0);
  if (overflows(row, difference)) return refuse(tooMany(sku, warehouse));
  const { changes, after } = applied(rows, sku, warehouse, difference);
  const stock = [...before.filter((other) => other.warehouse !== warehouse), after].sort((a, b) =>
    a.warehouse < b.warehouse ? -1 : 1,
  );
  const verdict: StockCounted = { ok: true, replayed: false, stock };
  // An ADJUST is never 0: a count that finds what the books say changes nothing and leaves no movement.
  if (difference === 0) return { verdict, changes };
  const movement = {
    id: command.id,
    sku,
    warehouse,
    kind: 'ADJUST',
    quantity: difference,
    reason,
    at: now,
    stock: after,
  } as const;
  const record: Change = {
    kind: 'record-movement',
    movement: { id: command.id, contentHash: null, result: { applied: true, movement } },
  };
  return { verdict, changes: [...changes, record] };
}

function applied(rows: Rows, sku: string, warehouse: string, signed: number): { changes: Change[]; after: StockRow } {
  const changes: Change[] = [];
  const working = { ...rows, stock: new Map<string, StockRow>() };
  const row = rows.stock.get(stockKey(sku, warehouse));
  if (row === undefined) changes.push({ kind: 'open-stock', sku, warehouse });
  const base = row ?? { sku, warehouse, available: 0, reserved: 0, deducted: 0, version: 1 };
  if (signed === 0) return { changes, after: base };
  working.stock.set(stockKey(sku, warehouse), base);
  const delta = { sku, warehouse, available: signed, reserved: 0, deducted: 0 };
  changes.push({ kind: 'move-stock', delta });
  return { changes, after: moved(working, delta) };
}

/** The sum of the counters is bounded, not each alone: then no later move between them can pass the bound. */
function overflows(row: StockRow | undefined, signed: number): boolean {
  const total = row === undefined ? 0 : row.available + row.reserved + row.deducted;
  return total + signed > COUNTER_LIMIT;
}

function tooMany(sku: string, warehouse: string): Problem {
  return problem('quantity-exceeded', `The counters of ${sku} in ${warehouse} would pass 2^53−1 in all.`, {
    sku,
    warehouse,
    limit: COUNTER_LIMIT,
  });
}

/** Why a movement cannot be: it takes more than there is, or brings more than can be counted. */
function refusalOf(row: StockRow | undefined, sku: string, warehouse: string, signed: number): Problem | null {
  const available = row?.available ?? 0;
  if (available + signed >= 0) return overflows(row, signed) ? tooMany(sku, warehouse) : null;
  return problem('insufficient-stock', `${available} of ${sku} are available in ${warehouse}, ${-signed} were to go.`, {
    shortages: [{ sku, warehouse, requested: -signed, available }],
  });
}

function preconditionFailed(command: CountStockCommand, rows: readonly StockRow[]): Decision<Refused> | null {
  if (command.ifMatch === null) return null;
  const current = rows.length === 0 ? null : etagOf(rows);
  const matches = current !== null && (command.ifMatch === 'any' || command.ifMatch.includes(current));
  if (matches) return null;
  const found = current === null ? 'it was never stocked' : `its ETag is ${current}`;
  return refuseWith('version-mismatch', `${command.sku} does not match If-Match: ${found}.`);
}
