// Owns the look-out for work on branches: takes over what coordinators left that are gone, claims what is due for participants that
// have room, and finds what this coordinator holds without knowing. Wake-ups only make it look sooner (I10).
import type { BranchWorkPort, Claim, WaitingParticipant } from '../coordinator/branch-work.ts';
import type { BranchCall } from '../coordinator/effects.ts';
import { Rounds } from '../coordinator/rounds.ts';
import type { Caller } from './caller.ts';

export interface ClaimsOptions {
  readonly work: BranchWorkPort;
  readonly caller: Caller;
  readonly leaseHolder: () => string | null;
  /** How often PostgreSQL is asked though nothing rang. */
  readonly intervalMs: number;
  readonly onFault: (error: unknown) => void;
}

/** How often it is looked whether a coordinator is gone. */
const END_LEASES_EVERY_MS = 1000;
/** After a commit whose answer was lost it may still land: for so long it is looked for what is held unknowingly. */
const DOUBT_MS = 15_000;
/** How often that is looked for though nothing is known to have gone wrong: nobody else takes up what a living coordinator holds. */
const LOOK_FOR_HELD_EVERY_MS = 5000;

export class Claims {
  readonly #options: ClaimsOptions;
  readonly #rounds: Rounds;
  #leasesEndedAt = 0;
  #inDoubtUntil = 0;
  #lookedForHeldAt = performance.now();

  constructor(options: ClaimsOptions) {
    this.#options = options;
    const onFault = (error: unknown): void => {
      // The answer to a claim may be what was lost: then it granted something that nobody here knows of.
      this.doubt();
      options.onFault(error);
    };
    this.#rounds = new Rounds({ round: () => this.#look(), intervalMs: options.intervalMs, onFault });
  }

  start(): void {
    this.#rounds.start();
  }

  /** Looks now. A wake-up during a look makes it look once more. */
  wake(): Promise<void> {
    return this.#rounds.wake();
  }

  /** What was granted to this coordinator may be more than it knows of: the answer to a commit or a claim was lost, or a call dropped. */
  doubt(): void {
    this.#inDoubtUntil = performance.now() + DOUBT_MS;
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #look(): Promise<void> {
    const { work, caller, leaseHolder } = this.#options;
    const now = performance.now();
    if (now - this.#leasesEndedAt >= END_LEASES_EVERY_MS) {
      this.#leasesEndedAt = now;
      await work.endLeases(null);
    }
    const holder = leaseHolder();
    if (holder === null) return;
    if (now < this.#inDoubtUntil || now - this.#lookedForHeldAt >= LOOK_FOR_HELD_EVERY_MS) {
      this.#lookedForHeldAt = now;
      caller.dispatchClaimed(await work.held(holder));
    }
    const claims = (await work.waitingParticipants()).flatMap((waiting) => this.#claimFor(waiting));
    if (claims.length === 0 || this.#rounds.isStopped) return;
    const calls = await work.claim(
      holder,
      claims.map(({ claim }) => claim),
    );
    const granted = Map.groupBy(calls, (call) => call.participant);
    for (const { claim, kind } of claims) this.#take(claim, kind, granted.get(claim.participant) ?? []);
  }

  #claimFor({ participant, isDue, now }: WaitingParticipant): { claim: Claim; kind: 'all' | 'probe' }[] {
    const queue = this.#options.caller.queueOf(participant.name);
    queue.connect(participant);
    const { kind, calls: limit } = queue.room();
    if (kind === 'none' || limit === 0) {
      queue.hasMore ||= isDue;
      return [];
    }
    // A probe may be any that waits; after it, all that was attempted before its participant came back.
    const backForMs = queue.backForMs;
    const resumedAt = kind === 'probe' ? now : backForMs === null ? null : Math.floor(now - backForMs);
    if (!isDue && resumedAt === null) {
      queue.hasMore = false;
      return [];
    }
    return [{ claim: { participant: participant.name, limit, resumedAt }, kind }];
  }

  #take(claim: Claim, kind: 'all' | 'probe', calls: readonly BranchCall[]): void {
    const { caller } = this.#options;
    if (kind === 'probe') {
      for (const call of calls) caller.dispatchProbe(call);
      return;
    }
    const queue = caller.queueOf(claim.participant);
    queue.hasMore = calls.length === claim.limit;
    if (!queue.hasMore && claim.resumedAt !== null) queue.forgetReturn();
    caller.dispatchClaimed(calls);
  }
}
