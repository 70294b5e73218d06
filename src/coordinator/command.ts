// Owns the commands: everything that may change state, as plain values. HTTP, timers and recovery only make commands;
// the lane is the one way in.
import type { Problem } from '../errors.ts';
import type { Asker } from './act.ts';
import type {
  BasketItem,
  BranchId,
  BranchPhase,
  ContentHash,
  Movement,
  MovementId,
  MovementKind,
  Participant,
  RefundId,
  RetryPolicy,
  StockRow,
  Transaction,
  TransactionBrief,
  TransactionId,
} from './model.ts';

/** How much of the transaction the caller wants back. */
export type ReplyForm = 'whole' | 'minimal';

/** A branch as its Try asks for it. */
export interface BranchRequest {
  readonly id: BranchId;
  readonly participant: string;
  /** As JSON text: the core never looks inside. */
  readonly payload: string | null;
}

/** What every command may carry besides what it asks for; it decides nothing. */
interface Traceable {
  /** W3C Trace Context of the recorded span that it belongs to (tracer.ts); none where it is not recorded. */
  readonly trace?: string;
}

/** What a command of those who run the service carries besides: who asks, so that it is audited. None where nobody is to be named. */
interface Accountable extends Traceable {
  readonly asker?: Asker;
}

export interface TryCommand extends Traceable {
  readonly kind: 'try';
  readonly id: TransactionId;
  /** False where the server made the id: then no earlier request can have used it, and a refusal stores nothing. */
  readonly idGiven: boolean;
  readonly contentHash: ContentHash;
  readonly items: readonly BasketItem[];
  readonly branches: readonly BranchRequest[];
  readonly timeoutMs: number;
  readonly reference: string | null;
  /** As JSON text. */
  readonly metadata: string | null;
  readonly reply: ReplyForm;
  /** W3C Trace Context of the caller; null where it gave none. Here and below: what its branches are told. */
  readonly traceparent: string | null;
  /** Whose reservations these are, a UUID; none where it is not counted how much one holds. */
  readonly holder?: string;
}

export interface ConfirmCommand extends Traceable {
  readonly kind: 'confirm';
  readonly id: TransactionId;
  /** Null confirms everything; otherwise these are sold and the rest is released. */
  readonly items: readonly BasketItem[] | null;
  readonly reply: ReplyForm;
  readonly traceparent: string | null;
}

export interface CancelCommand extends Accountable {
  readonly kind: 'cancel';
  readonly id: TransactionId;
  readonly note: string | null;
  readonly reply: ReplyForm;
  readonly traceparent: string | null;
  /** The operator who asked, for the history; absent where a caller did. */
  readonly by?: string;
}

export interface ExtendCommand extends Traceable {
  readonly kind: 'extend';
  readonly id: TransactionId;
  /** From now, by the database's clock. */
  readonly timeoutMs: number;
}

export interface RefundCommand extends Traceable {
  readonly kind: 'refund';
  readonly id: TransactionId;
  /** Null only where `items` is null: "all that is left" is idempotent by itself. */
  readonly refundId: RefundId | null;
  readonly items: readonly BasketItem[] | null;
  readonly reason: string | null;
  readonly contentHash: ContentHash;
}

/** The deadline has come; made by timers only. Refused while it has not, by the database's clock. */
export interface ExpireCommand extends Traceable {
  readonly kind: 'expire';
  readonly id: TransactionId;
}

/** What a call to a participant came to (contract, section 6). */
export type CallOutcome =
  /** 2xx other than 202. */
  | 'done'
  /** 409. */
  | 'refused'
  /** 202 or 425: asked again soon. */
  | 'not-yet'
  /** Anything else: whether it took effect there is unknown. */
  | 'failed'
  /** It was not made, and the work is given back. */
  | 'not-sent';

/** What a participant answered, or that it did not; made by src/participants only. */
export interface BranchReplyCommand extends Traceable {
  readonly kind: 'branch-reply';
  readonly id: TransactionId;
  readonly branchId: BranchId;
  readonly phase: BranchPhase;
  /** Of the grant under which the call was made. */
  readonly fence: number;
  readonly outcome: CallOutcome;
  /** The HTTP status; null where there was no answer. */
  readonly status: number | null;
  readonly error: string | null;
  readonly durationMs: number;
  readonly retry: RetryPolicy;
  /** From −1 to 1, drawn by the shell: a decision draws nothing. */
  readonly jitter: number;
}

/** An operator wants every branch that waits to be tried now. */
export interface RetryCommand extends Accountable {
  readonly kind: 'retry';
  readonly id: TransactionId;
  /** Who asked. */
  readonly by: string;
  readonly note?: string;
}

/** An operator settles a branch that cannot settle itself. */
export interface ResolveCommand extends Accountable {
  readonly kind: 'resolve';
  readonly id: TransactionId;
  readonly branchId: BranchId;
  readonly as: 'CONFIRMED' | 'CANCELLED';
  readonly note: string;
  readonly by: string;
}

export interface PutParticipantCommand extends Accountable {
  readonly kind: 'put-participant';
  readonly name: string;
  readonly url: string;
  readonly timeoutMs: number;
  readonly maxConcurrency: number;
  readonly retry: RetryPolicy;
  /** What calls to it are signed with; null keeps the one it has. */
  readonly secret: string | null;
  /** A new one, for where none is given and it has none. */
  readonly spareSecret: string;
}

export interface RemoveParticipantCommand extends Accountable {
  readonly kind: 'remove-participant';
  readonly name: string;
}

export interface MoveStockCommand extends Accountable {
  readonly kind: 'move-stock';
  readonly id: MovementId;
  readonly idGiven: boolean;
  readonly contentHash: ContentHash;
  readonly sku: string;
  readonly warehouse: string;
  readonly movementKind: MovementKind;
  /** As the caller gave it: positive, or signed for ADJUST. */
  readonly quantity: number;
  readonly reason: string | null;
}

export interface CountStockCommand extends Accountable {
  readonly kind: 'count-stock';
  /** Of the ADJUST it becomes. Made by the server, so that a retried commit is recognised. */
  readonly id: MovementId;
  readonly sku: string;
  readonly warehouse: string;
  readonly counted: { readonly available: number } | { readonly onHand: number };
  readonly reason: string | null;
  /** The versions If-Match accepts; null without the header; 'any' for `*` (the SKU must exist). */
  readonly ifMatch: readonly string[] | 'any' | null;
}

/** What a caller or a timer wants of the inventory. */
export type DemandCommand = TryCommand | ConfirmCommand | CancelCommand | ExtendCommand | RefundCommand | ExpireCommand;
/** What moves the branches of a transaction. */
export type BranchCommand = BranchReplyCommand | RetryCommand | ResolveCommand;
export type TransactionCommand = DemandCommand | BranchCommand;
export type StockCommand = MoveStockCommand | CountStockCommand;
export type ParticipantCommand = PutParticipantCommand | RemoveParticipantCommand;
export type Command = TransactionCommand | StockCommand | ParticipantCommand;

export interface Refused {
  readonly ok: false;
  /** True where an earlier request with this id was refused so, and this is its answer again. */
  readonly replayed: boolean;
  readonly problem: Problem;
}

export interface TransactionAccepted {
  readonly ok: true;
  readonly replayed: boolean;
  readonly transaction: Transaction | TransactionBrief;
}

export interface MovementAccepted {
  readonly ok: true;
  readonly replayed: boolean;
  readonly movement: Movement;
}

export interface StockCounted {
  readonly ok: true;
  readonly replayed: boolean;
  /** Every warehouse of the SKU, after it. */
  readonly stock: readonly StockRow[];
}

/** Registered, changed or removed. */
export interface ParticipantAccepted {
  readonly ok: true;
  readonly replayed: boolean;
  readonly participant: Participant;
  /** Where it was made just now: shown in this answer and in no other. */
  readonly secret?: string;
}

/** What became of a command; which success depends on its kind. */
export type VerdictOf<C extends Command> = C extends TransactionCommand
  ? TransactionAccepted | Refused
  : C extends MoveStockCommand
    ? MovementAccepted | Refused
    : C extends CountStockCommand
      ? StockCounted | Refused
      : C extends ParticipantCommand
        ? ParticipantAccepted | Refused
        : never;
export type Verdict = TransactionAccepted | MovementAccepted | StockCounted | ParticipantAccepted | Refused;

/** The one way in. Never rejects for a foreseen reason: a full queue and a lost database are Refused too. */
export interface Coordinator {
  submit<C extends Command>(command: C): Promise<VerdictOf<C>>;
}

export function isTransactionCommand(command: Command): command is TransactionCommand {
  return !isStockCommand(command) && !isParticipantCommand(command);
}

export function isStockCommand(command: Command): command is StockCommand {
  return command.kind === 'move-stock' || command.kind === 'count-stock';
}

export function isParticipantCommand(command: Command): command is ParticipantCommand {
  return command.kind === 'put-participant' || command.kind === 'remove-participant';
}

/**
 * Who waits for whom: commands on one key take effect in the order they came, those on different keys in any.
 * @returns the transaction's id, the SKU for stock commands, or the participant's name (no key is two of these at once that
 * matter to each other)
 */
export function orderingKey(command: Command): string {
  if (isStockCommand(command)) return command.sku;
  return isParticipantCommand(command) ? command.name : command.id;
}
