// Owns the one stand-in that contract tests of HTTP use: the ports Coordinator and Queries, in memory. It knows enough of the rules
// to answer as the contract says; the real heart has tests of its own.
import type {
  CancelCommand,
  Command,
  ConfirmCommand,
  Coordinator,
  ExtendCommand,
  PutParticipantCommand,
  RefundCommand,
  RemoveParticipantCommand,
  ResolveCommand,
  RetryCommand,
  TryCommand,
  Verdict,
  VerdictOf,
} from '../../src/coordinator/command.ts';
import { unknownParticipant } from '../../src/coordinator/decide/participant.ts';
import type { Participant, Transaction, TransactionId, TransactionState } from '../../src/coordinator/model.ts';
import type { Cursor, Page, Queries, TransactionFilter } from '../../src/coordinator/queries.ts';
import { problem } from '../../src/errors.ts';
import { changeOfBranches, resolved, retried, settled } from './branch-fake.ts';
import { FIXED_NOW_MS, pageOf, refuse, StockFake } from './stock-fake.ts';
import { blank, type Known, replay, transactionOf } from './transaction-fake.ts';

export { FIXED_NOW_MS, refuse } from './stock-fake.ts';
export { blank, putParticipant } from './transaction-fake.ts';

/** Both ports over plain maps. `commands` holds everything submitted; `intercept` may answer instead of the rules. */
export class PortFake extends StockFake implements Coordinator, Queries {
  readonly commands: Command[] = [];
  readonly known = new Map<string, Known>();
  readonly participantsByName = new Map<string, Participant>();
  /** Those that open transactions name. */
  readonly participantsInUse = new Set<string>();
  /** Called first; whatever it returns is the verdict. Throwing here is how a test makes the port fail. */
  intercept: ((command: Command) => Verdict | null | Promise<Verdict | null>) | null = null;

  async submit<C extends Command>(command: C): Promise<VerdictOf<C>> {
    this.commands.push(command);
    const verdict = (await this.intercept?.(command)) ?? this.#decide(command);
    return verdict as VerdictOf<C>;
  }

  async transaction(id: TransactionId) {
    this.failIfAsked();
    const known = this.known.get(id);
    if (known === undefined) return null;
    const history = [{ at: FIXED_NOW_MS, event: 'TRY', from: null, to: known.transaction.state, detail: null }];
    return { transaction: known.transaction, history };
  }

  async transactionsById(ids: readonly TransactionId[]): Promise<readonly Transaction[]> {
    this.failIfAsked();
    return ids.flatMap((id) => this.known.get(id)?.transaction ?? []);
  }

  async participants(name: string | null): Promise<readonly Participant[]> {
    this.failIfAsked();
    return [...this.participantsByName.values()].filter((one) => name === null || one.name === name);
  }

  /** What participants answered, all of a transaction's at once. */
  branchesAre(id: string, state: 'TRIED' | 'CONFIRMED' | 'CANCELLED', reason: Transaction['reason'] = null): void {
    const known = this.known.get(id);
    if (known === undefined) throw new Error(`no transaction ${id}`);
    known.transaction = settled(known.transaction, state, reason);
  }

  async transactions(filter: TransactionFilter, limit: number, after: Cursor | null): Promise<Page<Transaction>> {
    this.failIfAsked();
    const all = [...this.known.values()]
      .map((known) => known.transaction)
      .filter((one) => filter.state === null || one.state === filter.state);
    return pageOf(all, limit, after, (one) => [String(one.createdAt), one.id]);
  }

  #decide(command: Command): Verdict {
    switch (command.kind) {
      case 'try':
        return this.#try(command);
      case 'move-stock':
        return this.move(command);
      case 'count-stock':
        return this.count(command);
      case 'expire':
      case 'branch-reply':
        return refuse('invalid-transition');
      case 'put-participant':
        return this.#put(command);
      case 'remove-participant':
        return this.#remove(command);
      case 'retry':
      case 'resolve':
        return this.#intervene(command);
      default:
        return this.#change(command);
    }
  }

  #try(command: TryCommand): Verdict {
    const known = this.known.get(command.id);
    if (known !== undefined) return replay(known, command);
    const absent = command.branches.find(({ participant }) => !this.participantsByName.has(participant));
    if (absent !== undefined) return { ok: false, replayed: false, problem: unknownParticipant(absent.participant, 422) };
    const unknown = command.items.find((item) => !this.rows.has(`${item.sku} ${item.warehouse}`));
    if (unknown !== undefined) return refuse('unknown-sku');
    const shortages = command.items
      .map(({ sku, warehouse, quantity }) => ({
        sku,
        warehouse,
        requested: quantity,
        available: this.rows.get(`${sku} ${warehouse}`)?.available ?? 0,
      }))
      .filter((item) => item.available < item.requested);
    const isShort = shortages.length > 0;
    const transaction = transactionOf(command, isShort ? 'CANCELLED' : command.branches.length > 0 ? 'TRYING' : 'TRIED');
    const refusal = isShort ? 'insufficient-stock' : null;
    if (!isShort || command.idGiven) this.known.set(command.id, { transaction, contentHash: command.contentHash, refusal });
    if (isShort)
      return { ok: false, replayed: false, problem: problem('insufficient-stock', 'There is not enough.', { shortages }) };
    return { ok: true, replayed: false, transaction };
  }

  #change(command: ConfirmCommand | CancelCommand | ExtendCommand | RefundCommand): Verdict {
    const known = this.known.get(command.id);
    if (known === undefined) {
      if (command.kind !== 'cancel') return refuse('unknown-transaction');
      const transaction = { ...blank(command.id, 'CANCELLED'), reason: 'cancelled-before-try' as const, note: command.note };
      this.known.set(command.id, { transaction, contentHash: '', refusal: 'transaction-cancelled' });
      return { ok: true, replayed: false, transaction };
    }
    const { state } = known.transaction;
    const ofBranches = known.transaction.branches.length === 0 ? null : changeOfBranches(known.transaction, command);
    if (ofBranches !== null) {
      if (ofBranches.ok && 'items' in ofBranches.transaction) known.transaction = ofBranches.transaction;
      return ofBranches;
    }
    const target = { confirm: 'CONFIRMED', cancel: 'CANCELLED', extend: 'TRIED', refund: 'CONFIRMED' }[
      command.kind
    ] as TransactionState;
    const isFit =
      command.kind === 'refund' ? state === 'CONFIRMED' : state === 'TRIED' || (state === target && command.kind !== 'extend');
    if (!isFit) return { ok: false, replayed: false, problem: problem('invalid-transition', `It is ${state}.`, { state }) };
    known.transaction = {
      ...known.transaction,
      state: target,
      ...(command.kind === 'cancel' ? { reason: 'requested', note: command.note } : {}),
    };
    return { ok: true, replayed: false, transaction: known.transaction };
  }

  #intervene(command: RetryCommand | ResolveCommand): Verdict {
    const known = this.known.get(command.id);
    if (known === undefined) return refuse('unknown-transaction');
    const verdict = command.kind === 'retry' ? retried(known.transaction) : resolved(known.transaction, command);
    if (verdict.ok && 'items' in verdict.transaction) known.transaction = verdict.transaction;
    return verdict;
  }

  #put({ kind: _kind, secret, spareSecret, ...settings }: PutParticipantCommand): Verdict {
    const isMade = secret === null && !this.participantsByName.has(settings.name);
    const createdAt = this.participantsByName.get(settings.name)?.createdAt ?? FIXED_NOW_MS;
    const participant: Participant = { ...settings, createdAt, updatedAt: FIXED_NOW_MS };
    this.participantsByName.set(participant.name, participant);
    return { ok: true, replayed: false, participant, ...(isMade ? { secret: spareSecret } : {}) };
  }

  #remove({ name }: RemoveParticipantCommand): Verdict {
    const participant = this.participantsByName.get(name);
    if (participant === undefined) return { ok: false, replayed: false, problem: unknownParticipant(name, 404) };
    if (this.participantsInUse.has(name)) return refuse('invalid-transition', { participant: name });
    this.participantsByName.delete(name);
    return { ok: true, replayed: false, participant };
  }
}
