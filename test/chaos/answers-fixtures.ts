// Owns the sound evidence that the checks of answers are tried on: a coordinator in memory that decides by the real rules, with
// callers whose requests take time, and whose answers may be lost.
import type { Evidence, MovementRow, TransactionRow } from '../../chaos/evidence/evidence.ts';
import type { Asked, OperationKind, OperationRecord, Outcome } from '../../chaos/record.ts';
import type { CallOutcome, Command, Verdict } from '../../src/coordinator/command.ts';
import { decide } from '../../src/coordinator/decide/decide.ts';
import type { Branch, HistoryEvent, StockRow } from '../../src/coordinator/model.ts';
import { type Change, emptyRows, evolve, type Rows, stockOfSku } from '../../src/coordinator/rows.ts';
import { type Move, renderMovement, renderOutcome, renderStock, statusOf } from '../../src/http/render.ts';
import { problemDocument } from '../../src/http/reply.ts';
import {
  branchesOf,
  cancelOf,
  confirmOf,
  countOf,
  expireOf,
  extendOf,
  type Line,
  movementId,
  moveOf,
  putParticipantOf,
  refundId,
  refundOf,
  replyOf,
  transactionId,
  tryOf,
} from '../support/commands.ts';

/** When the story begins. */
export const BEGIN_MS = 1_800_000_000_000;

/** How one request goes: when it is sent, decided and ended, and what is heard of it. */
export interface Course {
  /** Before the clock of the story; 2 ms unless told. */
  readonly sentBeforeMs?: number;
  /** After it; 2 ms unless told. */
  readonly endedAfterMs?: number;
  /** `lost`: it takes effect unheard. `dropped`: it never arrives. `busy`: it is told 503, and takes effect. */
  readonly heard?: 'answer' | 'lost' | 'dropped' | 'busy';
  readonly isFlood?: boolean;
  /** So long before its lock was granted did it read the clock, as the optimistic path may; less than it was under way. */
  readonly lagMs?: number;
}

type RefundRow = { id: string; atMs: number; isRefused: boolean };

export class Story {
  nowMs = BEGIN_MS;
  readonly rows: Rows = emptyRows();
  readonly operations: OperationRecord[] = [];
  readonly #events = new Map<string, HistoryEvent[]>();
  readonly #refunds = new Map<string, RefundRow[]>();

  /** Lets time pass, then does it. */
  after(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  /** @param wish whether the caller makes the id, and which participants there are */
  try(
    id: number,
    lines: readonly Line[],
    wish: Course & { readonly timeoutMs?: number; readonly idGiven?: boolean; readonly branches?: readonly string[] } = {},
  ): OperationRecord {
    const { timeoutMs = 10_000, idGiven = true, branches: names = [], ...course } = wish;
    const reply = course.isFlood === true ? 'minimal' : 'whole';
    for (const name of names) if (!this.rows.participants.has(name)) this.#carryOut(putParticipantOf(name));
    const branches = branchesOf(transactionId(id), ...names);
    const command = tryOf(transactionId(id), lines, { timeoutMs, idGiven, reply, branches });
    return this.#ask('try', idGiven ? id : null, { items: itemsOf(lines), timeoutMs, branches: names }, command, course);
  }

  /** Every participant of a transaction that is being asked says so. */
  participantsSay(id: number, outcome: CallOutcome): void {
    for (const [position, { work, fence }] of (this.rows.transactions.get(transactionId(id))?.branches ?? []).entries()) {
      if (work.kind === 'under-way') this.#carryOut(replyOf(transactionId(id), position, work.phase, outcome, { fence }));
    }
    this.nowMs += 1;
  }

  confirm(id: number, course: Course = {}): OperationRecord {
    const reply = course.isFlood === true ? 'minimal' : 'whole';
    return this.#ask('confirm', id, {}, confirmOf(transactionId(id), null, reply), course);
  }

  confirmPart(id: number, lines: readonly Line[], course: Course = {}): OperationRecord {
    return this.#ask('confirm-part', id, { items: itemsOf(lines) }, confirmOf(transactionId(id), lines), course);
  }

  cancel(id: number, course: Course = {}): OperationRecord {
    return this.#ask('cancel', id, {}, cancelOf(transactionId(id)), course);
  }

  extend(id: number, timeoutMs: number, course: Course = {}): OperationRecord {
    return this.#ask('extend', id, { timeoutMs }, extendOf(transactionId(id), timeoutMs), course);
  }

  refund(id: number, refund: number | null, lines: readonly Line[] | null = null, course: Course = {}): OperationRecord {
    const own = refund === null ? null : refundId(refund);
    const asked = { ...(own === null ? {} : { id: own }), ...(lines === null ? {} : { items: itemsOf(lines) }) };
    return this.#ask('refund', id, asked, refundOf(transactionId(id), own, lines), course);
  }

  move(id: number, [sku, quantity, warehouse = 'default']: Line, course: Course & { idGiven?: boolean } = {}): OperationRecord {
    const idGiven = course.idGiven ?? true;
    const kind = quantity > 0 ? 'RECEIVE' : 'WRITE_OFF';
    const command = moveOf(movementId(id), kind, [sku, Math.abs(quantity), warehouse], { idGiven });
    return this.#ask(
      'movement',
      null,
      { ...(idGiven ? { id: movementId(id) } : {}), sku, warehouse, delta: quantity },
      command,
      course,
    );
  }

  count(id: number, sku: string, available: number, course: Course = {}): OperationRecord {
    return this.#ask(
      'set-stock',
      null,
      { sku, warehouse: 'default', available },
      countOf(movementId(id), sku, { available }),
      course,
    );
  }

  /** The sweep comes by. */
  expire(id: number): void {
    this.#carryOut(expireOf(transactionId(id)));
  }

  get(id: number, course: Course = {}): OperationRecord {
    const found = this.rows.transactions.get(transactionId(id));
    const body = found === undefined ? null : (JSON.parse(renderOutcome(found, false)) as unknown);
    const answer = found === undefined ? problemAnswer('unknown-transaction', 404, 'not here') : successAnswer(200, false, body);
    return this.#record('get', id, {}, answer, course);
  }

  getStock(sku: string, course: Course = {}): OperationRecord {
    const body: unknown = JSON.parse(renderStock(sku, stockOfSku(this.rows, sku)));
    return this.#record('get-stock', null, { sku }, successAnswer(200, false, body), course);
  }

  #ask(kind: OperationKind, id: number | null, asked: Asked, command: Command, course: Course): OperationRecord {
    if (course.heard === 'dropped') return this.#record(kind, id, asked, { kind: 'unknown', why: 'dropped' }, course);
    const verdict = this.#carryOut(command, course.lagMs);
    return this.#record(kind, id, asked, answerTo(kind, command, verdict), course);
  }

  #carryOut(command: Command, lagMs = 0): Verdict {
    const { verdict, changes } = decide(this.rows, command, this.nowMs - lagMs);
    // What the optimistic path cannot do at once, the exact path decides.
    if (lagMs > 0 && !verdict.ok) return this.#carryOut(command);
    evolve(this.rows, changes);
    for (const change of changes) this.#keep(change);
    return verdict;
  }

  #keep(change: Change): void {
    if (change.kind === 'record-event') pushTo(this.#events, change.transactionId, change.event);
    if (change.kind !== 'record-refund') return;
    const { id, transactionId: of, refusal } = change.refund;
    pushTo(this.#refunds, of, { id, atMs: change.at, isRefused: refusal !== null });
  }

  #record(kind: OperationKind, id: number | null, asked: Asked, answer: Outcome, course: Course): OperationRecord {
    const { sentBeforeMs = 2, endedAfterMs = 2, heard = 'answer', isFlood = false } = course;
    const operation: OperationRecord = {
      type: 'operation',
      number: this.operations.length + 1,
      kind,
      instance: 0,
      transactionId: id === null ? null : transactionId(id),
      isFlood,
      asked,
      sentMs: this.nowMs - sentBeforeMs,
      endedMs: this.nowMs + endedAfterMs,
      outcome: heard === 'answer' ? answer : heard === 'busy' ? BUSY : { kind: 'unknown', why: heard },
    };
    this.operations.push(operation);
    this.nowMs += 1;
    return operation;
  }

  evidence(): Evidence {
    return {
      run: RUN,
      operations: this.operations.toSorted((a, b) => a.endedMs - b.endedMs),
      calls: [],
      samples: [],
      exits: [],
      faults: [],
      periods: [],
      liveness: null,
      stock: [...this.rows.stock.values()].map((row) => ({ table: 'stock', ...row })),
      transactions: new Map([...this.rows.transactions.keys()].map((id) => [id, this.#transactionRow(id)])),
      movements: [...this.rows.movements.values()].map(movementRow),
      attempts: [],
    };
  }

  #transactionRow(id: ReturnType<typeof transactionId>): TransactionRow {
    const stored = this.rows.transactions.get(id);
    if (stored === undefined) throw new Error(`no transaction ${id}`);
    return {
      table: 'transaction',
      id,
      state: stored.state,
      reason: stored.reason,
      branchCount: stored.branches.length,
      createdMs: stored.createdAt,
      expiresMs: stored.expiresAt,
      decidedMs: stored.decidedAt,
      updatedMs: stored.updatedAt,
      hasContent: stored.contentHash !== null,
      items: stored.items,
      branches: stored.branches.map(branchRow),
      refunds: this.#refunds.get(id) ?? [],
      events: (this.#events.get(id) ?? []).map(({ at, ...event }) => ({ atMs: at, ...event })),
    };
  }
}

function branchRow({ id, participant, state, work, ...branch }: Branch): TransactionRow['branches'][number] {
  const { attempts, attemptsInAll, resolved } = branch;
  const phase = work.kind === 'none' ? 'try' : work.phase;
  return { id, participant, state, phase, attempts, attemptsInAll, resolved, attemptedMs: null, nextAttemptMs: null };
}

/** A shop with ten of a SKU, and one of another. */
export function shop(): Story {
  const story = new Story();
  story.move(901, ['apple', 10]);
  story.move(902, ['pear', 1]);
  return story.after(50);
}

const BUSY: Outcome = { ...problemAnswer('database-unavailable', 503, 'not now'), retryAfter: 1 };

const RUN: Evidence['run'] = {
  ...{ type: 'run', seed: 1, startedMs: BEGIN_MS, durationMs: 1_000, instances: 1, faults: [], leftOut: [], sabotage: null },
  ...{ participants: [], retryMaxMs: 2_000 },
};

function itemsOf(lines: readonly Line[]) {
  return lines.map(([sku, quantity, warehouse = 'default']) => ({ sku, warehouse, quantity }));
}

function answerTo(kind: OperationKind, command: Command, verdict: Verdict): Outcome & { kind: 'answer' } {
  if (!verdict.ok) {
    const { status, text } = problemDocument(verdict.problem, 'trace');
    const body = JSON.parse(text) as { code: string };
    return { kind: 'answer', status, code: body.code, replayed: verdict.replayed, retryAfter: null, body };
  }
  if ('movement' in verdict) {
    return successAnswer(verdict.replayed ? 200 : 201, verdict.replayed, JSON.parse(renderMovement(verdict.movement)));
  }
  if ('stock' in verdict) {
    const sku = 'sku' in command ? command.sku : '';
    return successAnswer(200, false, JSON.parse(renderStock(sku, verdict.stock)));
  }
  if (!('transaction' in verdict)) throw new Error('no such answer');
  const move: Move = kind === 'confirm-part' ? 'confirm' : (kind as Move);
  const isMinimal = 'reply' in command && command.reply === 'minimal';
  const body: unknown = JSON.parse(renderOutcome(verdict.transaction, isMinimal));
  return successAnswer(statusOf(move, verdict), verdict.replayed, body);
}

function successAnswer(status: number, replayed: boolean, body: unknown): Outcome & { kind: 'answer' } {
  return { kind: 'answer', status, code: null, replayed, retryAfter: status === 202 ? 1 : null, body };
}

function problemAnswer(code: string, status: number, detail: string): Outcome & { kind: 'answer' } {
  return { kind: 'answer', status, code, replayed: false, retryAfter: null, body: { code, status, detail } };
}

function movementRow({
  id,
  result,
}: Story['rows']['movements'] extends Map<unknown, infer Movement> ? Movement : never): MovementRow {
  const { sku, warehouse, kind, quantity, at } = result.movement;
  const after: Partial<StockRow> = result.applied ? result.movement.stock : {};
  return {
    table: 'movement',
    ...{ id, sku, warehouse, kind, atMs: at },
    delta: result.applied ? (kind === 'WRITE_OFF' ? -quantity : quantity) : 0,
    availableAfter: after.available ?? null,
    reservedAfter: after.reserved ?? null,
    deductedAfter: after.deducted ?? null,
    versionAfter: after.version ?? null,
  };
}

function pushTo<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
