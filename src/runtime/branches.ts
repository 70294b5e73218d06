// Owns putting together what asks remote participants: the lease, the calls, and the look-out for what is due.
import type { Coordinator } from '../coordinator/command.ts';
import type { BranchCall, Effects } from '../coordinator/effects.ts';
import { PostgresBranchWork } from '../ledger/branch-work.ts';
import type { Pool } from '../ledger/pool.ts';
import type { AddressGuard } from '../participants/address-guard.ts';
import { Caller } from '../participants/caller.ts';
import { Claims } from '../participants/claims.ts';
import { Lease } from '../participants/lease.ts';
import type { CallObserver, QueueFigures } from '../participants/observer.ts';
import type { CallTracer } from '../participants/tracer.ts';

export interface BranchesOptions {
  /** For the lease alone: it must not wait behind anything. */
  readonly leasePool: Pool;
  readonly workPool: Pool;
  /** Through it replies go in as commands. */
  readonly submit: Coordinator['submit'];
  readonly guard: AddressGuard;
  readonly intervalMs: number;
  readonly observer: CallObserver;
  readonly onFault: (error: unknown, call: BranchCall | null) => void;
  readonly tracer?: CallTracer;
}

export class Branches {
  readonly #lease: Lease;
  readonly #caller: Caller;
  readonly #claims: Claims;

  constructor(options: BranchesOptions) {
    const { leasePool, workPool, submit, guard, intervalMs, observer, onFault: onCallFault, tracer } = options;
    const onFault = (error: unknown): void => onCallFault(error, null);
    const work = new PostgresBranchWork(workPool);
    const leaseHolder = (): string | null => this.#lease.holder;
    this.#lease = new Lease({
      work: new PostgresBranchWork(leasePool),
      onLost: () => this.#caller.abandon(),
      onRegained: () => this.#claims.doubt(),
      onFault,
    });
    this.#caller = new Caller({
      work,
      coordinator: { submit },
      guard,
      leaseHolder,
      onRoom: () => void this.#claims.wake(),
      onDoubt: () => this.#claims.doubt(),
      onFault: onCallFault,
      observer,
      ...(tracer === undefined ? {} : { tracer }),
    });
    this.#claims = new Claims({ work, caller: this.#caller, leaseHolder, intervalMs, onFault });
  }

  /** Under which branches are granted to this process; null where it holds no lease. */
  get leaseHolder(): string | null {
    return this.#lease.holder;
  }

  figures(): readonly QueueFigures[] {
    return this.#caller.figures();
  }

  async start(): Promise<void> {
    await this.#lease.start();
    this.#claims.start();
  }

  /** Carries out what a commit granted to this process. */
  carryOut({ calls }: Effects): void {
    if (calls.length > 0) this.#caller.dispatch(calls);
  }

  /** Something may be due. */
  wake(): Promise<void> {
    return this.#claims.wake();
  }

  /** A commit's answer was lost. */
  doubt(): void {
    this.#claims.doubt();
  }

  /**
   * Begins no further call, and resolves once those under way are over.
   * @param withinMs then they are broken off
   */
  async stop(withinMs: number): Promise<void> {
    // Side by side: a look that waits for PostgreSQL must not take the calls' time. What it still claims, nobody here takes.
    await Promise.all([this.#claims.stop(), this.#caller.stop(withinMs)]);
  }

  /** Gives up what is left, so that another coordinator takes it at once. After the lanes: they grant to this lease. */
  end(): Promise<void> {
    return this.#lease.stop();
  }
}
