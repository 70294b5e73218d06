// Owns the calls that wait for one participant, and how many may be made at once: its own bound and its own breaker, so that one
// that hangs delays nobody else's transaction. I12: the queue is bounded; what does not fit is given back to PostgreSQL.
//
// What was claimed (retries, what a dead coordinator left) has a share of the calls to itself, and no more than that: ten thousand
// that are due at once keep no new transaction waiting, and no crowd of new ones keeps them waiting.
//
// While the breaker is open, first attempts are made all the same, one at a time: a participant that fails for some branches again
// and again must not be shut to those that have no part in it. The others wait here, for as long as one call may take.
import type { BranchCall } from '../coordinator/effects.ts';
import type { BranchId, Participant } from '../coordinator/model.ts';
import type { AddressGuard } from './address-guard.ts';
import { afterCall, allowance, type BreakerState, endsOutage, probing, UNHEARD, unprobed } from './breaker.ts';
import { Connection } from './call.ts';
import type { QueueFigures } from './observer.ts';

/** I12: how many calls to one participant wait in memory. */
const QUEUE_LIMIT = 1000;
/** The same, with those that operators asked for, which may go past that. */
const QUEUE_LIMIT_WITH_URGENT = 2 * QUEUE_LIMIT;
const DEFAULT_CONCURRENCY = 64;
/** Of the calls that may be made at once, the part that is for what was claimed. */
const CLAIMED_SHARE = 1 / 4;
const DEFAULT_TIMEOUT_MS = 3000;

export interface QueueOptions {
  readonly guard: AddressGuard;
  /** It is open, until (in ms from now) a probe may be made. */
  readonly onOpen: (forMs: number) => void;
  /** It has closed: what waits need not wait any longer. */
  readonly onClosed: () => void;
}

interface Waiting {
  readonly call: BranchCall;
  /** By performance.now(). */
  readonly since: number;
}

export class ParticipantQueue {
  readonly #options: QueueOptions;
  /** First attempts, and before them what operators asked for and the probe. */
  #calls: Waiting[] = [];
  #claimed: BranchCall[] = [];
  readonly #claimedUnderWay = new Set<BranchId>();
  #underWay = 0;
  /** Whether the last call that was given out had been claimed. */
  #wasClaimed = false;
  #breaker: BreakerState = UNHEARD;
  /** The probe of what was claimed, and the first attempt that is one. */
  #probe: BranchId | null = null;
  #freshProbe: BranchId | null = null;
  #participant: Participant | null = null;
  #connection: Connection | null = null;
  /** Those of earlier registrations, while calls are under way on them. */
  readonly #leaving = new Set<Connection>();
  /** When an outage ended, by performance.now(): what was attempted before then is due at once; null once all of it is. */
  #closedAt: number | null = null;
  /** Whether PostgreSQL has more that is due than was claimed. */
  hasMore = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Takes the registration as it is now. @returns the connections to call through */
  connect(participant: Participant): Connection {
    // What is known of the old place says nothing of the new one.
    if (this.#participant !== null && this.#participant.url !== participant.url) {
      this.#breaker = UNHEARD;
      this.#probe = null;
      this.#freshProbe = null;
      this.#close(true);
    }
    this.#participant = participant;
    if (this.#connection?.fits(participant) === true) return this.#connection;
    if (this.#connection !== null) this.#letGo(this.#connection);
    this.#connection = new Connection(participant, this.#options.guard);
    return this.#connection;
  }

  #letGo(connection: Connection): void {
    this.#leaving.add(connection);
    const gone = (): unknown => this.#leaving.delete(connection);
    connection.close().then(gone, gone);
  }

  /** @returns false where the call cannot wait here: it must be given back */
  add(call: BranchCall): boolean {
    const waiting = { call, since: performance.now() };
    // An operator's wish goes past an open breaker, and past those who wait.
    if (call.isUrgent && this.#calls.length < QUEUE_LIMIT_WITH_URGENT) this.#calls.unshift(waiting);
    else if (this.#calls.length >= QUEUE_LIMIT) return false;
    else this.#calls.push(waiting);
    return true;
  }

  /** @returns as add, for a call that was claimed */
  addClaimed(call: BranchCall): boolean {
    if (allowance(this.#breaker, performance.now()) !== 'all') return false;
    this.#claimed.push(call);
    return true;
  }

  /** As a probe: it goes first. */
  addProbe(call: BranchCall): void {
    this.#breaker = probing(this.#breaker);
    this.#probe = call.branchId;
    this.#calls.unshift({ call: { ...call, isUrgent: true }, since: performance.now() });
  }

  get figures(): Omit<QueueFigures, 'participant'> {
    return { breaker: this.#breaker.kind, depth: this.#calls.length + this.#claimed.length, inFlight: this.#underWay };
  }

  /** Whether its participant was not there of late. */
  isAway(): boolean {
    return this.#breaker.kind !== 'closed';
  }

  /** @returns the next call that may be made now, which then counts as under way; null where none may */
  next(): BranchCall | null {
    if (this.#underWay >= this.#concurrency) return null;
    // Of one call at a time no part can be kept for the others: they take turns.
    const isTurnOfCalls = this.#wasClaimed && this.#concurrency === 1;
    const call = (isTurnOfCalls ? this.#nextOfCalls() : undefined) ?? this.#nextClaimed() ?? this.#nextOfCalls();
    if (call === undefined) return null;
    this.#wasClaimed = this.#claimedUnderWay.has(call.branchId);
    this.#underWay += 1;
    return call;
  }

  #nextOfCalls(): BranchCall | undefined {
    const call = this.#calls[0]?.call;
    if (call === undefined) return undefined;
    if (!call.isUrgent && this.#breaker.kind !== 'closed') {
      if (this.#freshProbe !== null) return undefined;
      this.#freshProbe = call.branchId;
    }
    this.#calls.shift();
    return call;
  }

  #nextClaimed(): BranchCall | undefined {
    if (this.#claimedUnderWay.size >= this.#claimedAtOnce) return undefined;
    const call = this.#claimed.shift();
    if (call !== undefined) this.#claimedUnderWay.add(call.branchId);
    return call;
  }

  /** The call is over, one way or the other. */
  done(call: BranchCall): void {
    this.#underWay -= 1;
    this.#claimedUnderWay.delete(call.branchId);
    if (this.#freshProbe === call.branchId) this.#freshProbe = null;
    // It was not made after all.
    if (this.#probe === call.branchId) this.#probeAgain();
  }

  /**
   * What a call told the breaker.
   * @param isFirst whether it was the first attempt of its phase
   * @returns the calls that may not wait here any longer, because nobody is there
   */
  heard(call: BranchCall, isAlive: boolean, isFirst: boolean): readonly BranchCall[] {
    const now = performance.now();
    const before = this.#breaker;
    const as = call.branchId === this.#probe ? 'probe' : call.branchId === this.#freshProbe ? 'fresh' : 'other';
    this.#breaker = afterCall(before, { isAlive, isFirst, as }, now);
    if (as === 'probe') this.#probe = null;
    if (as === 'fresh') this.#freshProbe = null;
    if (this.#breaker.kind === 'closed') {
      if (before.kind !== 'closed') this.#close(endsOutage(before, now));
      return [];
    }
    if (this.#breaker.kind === 'open' && before.kind !== 'open') this.#options.onOpen(this.#breaker.until - now);
    return [...this.#takeOverdue(now, this.#breaker.since), ...this.#claimed.splice(0)];
  }

  /** First attempts that have waited as long as a call may take, and all that time nobody was there. */
  #takeOverdue(now: number, openSince: number): BranchCall[] {
    const isOverdue = ({ call, since }: Waiting): boolean =>
      !call.isUrgent && now - Math.max(since, openSince) >= this.#timeoutMs;
    const overdue = this.#calls.filter(isOverdue);
    if (overdue.length > 0) this.#calls = this.#calls.filter((waiting) => !isOverdue(waiting));
    return overdue.map(({ call }) => call);
  }

  /** @param isBack after an outage: what was attempted before is due at once */
  #close(isBack: boolean): void {
    if (isBack) this.#closedAt = performance.now();
    this.#options.onClosed();
  }

  /** The probe came to nothing: another may be made. */
  #probeAgain(): void {
    this.#probe = null;
    const now = performance.now();
    this.#breaker = unprobed(this.#breaker, now);
    if (this.#breaker.kind === 'open') this.#options.onOpen(this.#breaker.until - now);
  }

  /** How many more may be claimed for it: enough that its share is never idle, and no more. */
  room(): { readonly kind: 'all' | 'probe' | 'none'; readonly calls: number } {
    const kind = allowance(this.#breaker, performance.now());
    if (kind === 'none') return { kind, calls: 0 };
    if (kind === 'probe') return { kind, calls: 1 };
    return { kind, calls: Math.max(0, this.#concurrency - this.#claimedUnderWay.size - this.#claimed.length) };
  }

  /** Whether its share may soon be idle though PostgreSQL has work for it. */
  isLow(): boolean {
    return this.hasMore && this.#claimed.length < this.#claimedAtOnce;
  }

  /** Since how many ms it is back; null where nothing waits for that any more. */
  get backForMs(): number | null {
    return this.#closedAt === null ? null : performance.now() - this.#closedAt;
  }

  /** All that was attempted before it came back is under way. */
  forgetReturn(): void {
    this.#closedAt = null;
  }

  /** Takes out every call that is not under way. */
  clear(): readonly BranchCall[] {
    const calls = [...this.#calls.splice(0).map(({ call }) => call), ...this.#claimed.splice(0)];
    // The probe may have been among them: nobody would hear of it, and none would be made again.
    if (calls.some((call) => call.branchId === this.#probe)) this.#probeAgain();
    return calls;
  }

  /** Those of earlier registrations too: a call may hang on one of them for a minute. */
  async destroy(): Promise<void> {
    const connections = this.#connection === null ? this.#leaving : [this.#connection, ...this.#leaving];
    await Promise.all([...connections].map((connection) => connection.destroy()));
  }

  get #claimedAtOnce(): number {
    return Math.ceil(this.#concurrency * CLAIMED_SHARE);
  }

  get #timeoutMs(): number {
    return this.#participant?.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  get #concurrency(): number {
    return this.#participant?.maxConcurrency ?? DEFAULT_CONCURRENCY;
  }
}
