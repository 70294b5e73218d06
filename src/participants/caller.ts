// Owns the way from a grant to a reply: it lets each call wait in its participant's queue, reads what it is made of when its turn
// comes, makes it, and submits what was answered as a command. It decides nothing: a reply under an ended grant is refused by its
// fence (I11), and everything it holds is in PostgreSQL as well.
import type { BranchWorkPort, CallDetails } from '../coordinator/branch-work.ts';
import type { BranchReplyCommand, Coordinator } from '../coordinator/command.ts';
import type { BranchCall } from '../coordinator/effects.ts';
import type { BranchId, RetryPolicy } from '../coordinator/model.ts';
import type { AddressGuard } from './address-guard.ts';
import { type CallObserver, type QueueFigures, SILENT } from './observer.ts';
import { ParticipantQueue } from './queue.ts';
import type { Reply } from './reply-table.ts';
import { type CallTracer, UNTRACED } from './tracer.ts';

export interface CallerOptions {
  readonly work: BranchWorkPort;
  readonly coordinator: Pick<Coordinator, 'submit'>;
  readonly guard: AddressGuard;
  /** The id of the lease that is held now; null where none is: then no call is made. */
  readonly leaseHolder: () => string | null;
  /** A participant's queue has room, or its participant is back: more may be claimed. */
  readonly onRoom: () => void;
  /** Something may be held by this coordinator that it does not know of. */
  readonly onDoubt: () => void;
  /** `call` is null where it was about several. */
  readonly onFault: (error: unknown, call: BranchCall | null) => void;
  readonly observer?: CallObserver;
  readonly tracer?: CallTracer;
}

interface Prepared {
  readonly call: BranchCall;
  readonly queue: ParticipantQueue;
}

/** Where a reply is about a call that was not made, nothing of this is used for a backoff but its first step. */
const NO_POLICY: RetryPolicy = { initialMs: 1000, maxMs: 60_000, attentionAfter: 10 };
const AWAY = 'not asked yet: its participant does not answer';
const CROWDED = 'not asked yet: too many calls wait for its participant';
const RETRY_SUBMIT_MS = 200;
const RETRY_DETAILS_MS = 250;

export class Caller {
  readonly #options: CallerOptions;
  readonly #observer: CallObserver;
  readonly #queues = new Map<string, ParticipantQueue>();
  /** What is held here: a branch granted twice under one fence is called once. */
  readonly #held = new Map<BranchId, number>();
  #preparing: Prepared[] = [];
  #stopping = false;
  /** Calls under way are broken off: what they come to says nothing. */
  #broken = false;
  #idle: (() => void)[] = [];

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#observer = options.observer ?? SILENT;
  }

  /** Takes calls that were granted to this coordinator; returns at once. */
  dispatch(calls: readonly BranchCall[]): void {
    for (const call of calls) this.#take(call, (queue) => queue.add(call));
  }

  /** As dispatch, for calls that were claimed: they have a share of their own. */
  dispatchClaimed(calls: readonly BranchCall[]): void {
    for (const call of calls.map(claimed)) this.#take(call, (queue) => queue.addClaimed(call));
  }

  #take(call: BranchCall, add: (queue: ParticipantQueue) => boolean): void {
    if (this.#stopping || this.#held.get(call.branchId) === call.fence) return;
    this.#held.set(call.branchId, call.fence);
    const queue = this.queueOf(call.participant);
    if (add(queue)) this.#pump(queue);
    else void this.#giveBack(call);
  }

  /** Takes the one call that finds out whether its participant is back. */
  dispatchProbe(call: BranchCall): void {
    if (this.#stopping) return;
    this.#held.set(call.branchId, call.fence);
    const queue = this.queueOf(call.participant);
    queue.addProbe(claimed(call));
    this.#pump(queue);
  }

  queueOf(participant: string): ParticipantQueue {
    const known = this.#queues.get(participant);
    if (known !== undefined) return known;
    const queue = new ParticipantQueue({
      guard: this.#options.guard,
      onOpen: (forMs) => setTimeout(this.#options.onRoom, forMs).unref(),
      onClosed: this.#options.onRoom,
    });
    this.#queues.set(participant, queue);
    return queue;
  }

  figures(): readonly QueueFigures[] {
    return [...this.#queues].map(([participant, queue]) => ({ participant, ...queue.figures }));
  }

  /** Forgets every call that has not been made: the lease ran out, and others make them. */
  abandon(): void {
    for (const queue of this.#queues.values()) for (const call of queue.clear()) this.#forget(call);
  }

  /**
   * Makes no further call, and resolves once those under way are over and told of.
   * @param withinMs those that take longer are broken off: their participants are asked again by whoever takes over
   */
  async stop(withinMs: number): Promise<void> {
    this.#stopping = true;
    this.abandon();
    const late = setTimeout(() => void this.#breakOff(), withinMs);
    if (this.#held.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    clearTimeout(late);
    await this.#breakOff();
  }

  async #breakOff(): Promise<void> {
    this.#broken = true;
    await Promise.all([...this.#queues.values()].map((queue) => queue.destroy()));
  }

  #pump(queue: ParticipantQueue): void {
    for (let call = queue.next(); call !== null; call = queue.next()) {
      this.#preparing.push({ call, queue });
      // What is granted in the same turn of the event loop is read in one look.
      if (this.#preparing.length === 1) setImmediate(() => void this.#prepare(this.#preparing.splice(0)));
    }
  }

  async #prepare(prepared: readonly Prepared[]): Promise<void> {
    const details = await this.#detailsOf(prepared);
    const readAt = performance.now();
    for (const { call, queue } of prepared) {
      void this.#run(call, queue, details?.get(call.branchId) ?? null, readAt).catch((error: unknown) => {
        this.#options.onFault(error, call);
        this.#options.onDoubt();
        this.#end(call, queue);
      });
    }
  }

  /** @returns null where the lease ran out before PostgreSQL answered */
  async #detailsOf(prepared: readonly Prepared[]): Promise<Map<BranchId, CallDetails> | null> {
    while (this.#options.leaseHolder() !== null && !this.#broken) {
      try {
        const details = await this.#options.work.details(prepared.map(({ call }) => call));
        return new Map(details.map((one) => [one.branchId, one]));
      } catch (error) {
        this.#options.onFault(error, prepared.length === 1 ? (prepared[0]?.call ?? null) : null);
        await pause(RETRY_DETAILS_MS);
      }
    }
    return null;
  }

  async #run(call: BranchCall, queue: ParticipantQueue, details: CallDetails | null, readAt: number): Promise<void> {
    // Granted to somebody else since, to nobody, or settled: nothing to say. The lease is looked at last, right before the call (I11).
    if (details === null || !isGranted(call, details, this.#options.leaseHolder())) return this.#end(call, queue);
    const { retry } = details.participant;
    if (!isWanted(call, details)) {
      await this.#submit(notSent(call, retry, null));
      return this.#end(call, queue);
    }
    const begunAt = performance.now();
    const span = (this.#options.tracer ?? UNTRACED).begun(call, details, call.isClaimed !== true && details.attempts === 0);
    const reply = await queue.connect(details.participant).call(call, details, span?.traceparent ?? null);
    span?.ended(reply);
    if (this.#broken && reply.status === null) return this.#end(call, queue);
    this.#observer.called(call, reply, performance.now() - begunAt);
    for (const stranded of queue.heard(call, reply.isAlive, details.attempts === 0)) void this.#giveBack(stranded);
    // A sign of life lets in at once those that waited for one.
    if (!this.#stopping) this.#pump(queue);
    const command = replyCommand(call, retry, reply, performance.now() - readAt);
    await this.#submit(span === null ? command : { ...command, trace: span.traceparent });
    this.#end(call, queue);
  }

  async #giveBack(call: BranchCall): Promise<void> {
    try {
      const isAway = this.queueOf(call.participant).isAway();
      await this.#submit(notSent(call, NO_POLICY, isAway ? AWAY : CROWDED));
    } catch (error) {
      this.#options.onFault(error, call);
      this.#options.onDoubt();
    }
    this.queueOf(call.participant).hasMore = true;
    this.#forget(call);
  }

  /** Until it is stored, or no longer ours to tell. */
  async #submit(command: BranchReplyCommand): Promise<void> {
    while (this.#options.leaseHolder() !== null) {
      const verdict = await this.#options.coordinator.submit(command);
      if (verdict.ok || (verdict.problem.code !== 'overloaded' && verdict.problem.code !== 'database-unavailable')) return;
      await pause(RETRY_SUBMIT_MS);
    }
  }

  #end(call: BranchCall, queue: ParticipantQueue): void {
    queue.done(call);
    this.#forget(call);
    if (this.#stopping) return;
    this.#pump(queue);
    if (queue.isLow()) this.#options.onRoom();
  }

  #forget(call: BranchCall): void {
    if (this.#held.get(call.branchId) === call.fence) this.#held.delete(call.branchId);
    if (this.#stopping && this.#held.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function claimed(call: BranchCall): BranchCall {
  return { ...call, isClaimed: true };
}

/** Whether it is under way by the ledger, and this coordinator is who holds it. */
function isGranted(call: BranchCall, { fence, holder }: CallDetails, leaseHolder: string | null): boolean {
  return fence === call.fence && holder !== null && holder === leaseHolder;
}

/** A Try is pointless once its transaction is decided, or its deadline has come. */
function isWanted(call: BranchCall, details: CallDetails): boolean {
  return call.phase !== 'try' || (details.state === 'TRYING' && details.isBeforeDeadline);
}

function replyCommand(call: BranchCall, retry: RetryPolicy, reply: Reply, durationMs: number): BranchReplyCommand {
  const { transactionId: id, branchId, phase, fence } = call;
  const { outcome, status, error } = reply;
  const jitter = 2 * Math.random() - 1;
  const duration = Math.round(durationMs);
  return { kind: 'branch-reply', id, branchId, phase, fence, outcome, status, error, durationMs: duration, retry, jitter };
}

/** @param why for people who wonder that nothing happens; null keeps what the last attempt said */
function notSent(call: BranchCall, retry: RetryPolicy, why: string | null): BranchReplyCommand {
  const nothing: Reply = { outcome: 'not-sent', status: null, error: why, isAlive: false };
  return replyCommand(call, retry, nothing, 0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
