// Owns the leases and the claims of work on branches: the port of src/coordinator/branch-work.ts on PostgreSQL.
import type { BranchWorkPort, CallDetails, Claim, WaitingParticipant } from '../coordinator/branch-work.ts';
import type { BranchCall } from '../coordinator/effects.ts';
import type { BranchId, BranchPhase, Participant, TransactionId } from '../coordinator/model.ts';
import { nameArray, plainArray } from './arrays.ts';
import type { Pool } from './pool.ts';
import { statement } from './statements.ts';

const BEGIN = statement('queries/begin_lease.sql');
const RENEW = statement('queries/renew_lease.sql');
const END = statement('queries/end_leases.sql');
const WAITING = statement('queries/waiting_participants.sql');
const CLAIM = statement('queries/claim_branches.sql');
const HELD = statement('queries/held_branches.sql');
const DETAILS = statement('queries/call_details.sql');

type StoredDetails = Omit<CallDetails, 'participant' | 'secrets' | 'now'> & { readonly participant: string };
type CallTuple = [TransactionId, BranchId, string, BranchPhase, number];

export class PostgresBranchWork implements BranchWorkPort {
  readonly #pool: Pool;

  /** @param pool of its own: a lease that waits for a connection would run out */
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async beginLease(coordinator: string, name: string, leaseMs: number): Promise<void> {
    await this.#pool.read('begin_lease', BEGIN, [coordinator, name, leaseMs]);
  }

  async renewLease(coordinator: string, leaseMs: number): Promise<boolean> {
    const rows = await this.#pool.read('renew_lease', RENEW, [coordinator, leaseMs]);
    return rows.length > 0;
  }

  async endLeases(leaving: string | null): Promise<number> {
    const [row] = await this.#pool.read('end_leases', END, [leaving]);
    return Number(row?.[0] ?? 0);
  }

  async waitingParticipants(): Promise<readonly WaitingParticipant[]> {
    const rows = await this.#pool.read('waiting_participants', WAITING, []);
    return rows.map((row) => JSON.parse(row[0] ?? '') as WaitingParticipant);
  }

  async claim(coordinator: string, claims: readonly Claim[]): Promise<readonly BranchCall[]> {
    const names = nameArray(claims.map((claim) => claim.participant));
    const limits = plainArray(claims.map((claim) => claim.limit));
    const resumed = plainArray(claims.map((claim) => claim.resumedAt ?? 'NULL'));
    const [row] = await this.#pool.read('claim_branches', CLAIM, [coordinator, names, limits, resumed]);
    return ((JSON.parse(row?.[0] ?? 'null') ?? []) as CallTuple[]).map(callOf);
  }

  async held(coordinator: string): Promise<readonly BranchCall[]> {
    const rows = await this.#pool.read('held_branches', HELD, [coordinator]);
    return rows.map((row) => callOf(JSON.parse(row[0] ?? '') as CallTuple));
  }

  async details(calls: readonly BranchCall[]): Promise<readonly CallDetails[]> {
    const transactions = plainArray(calls.map((call) => call.transactionId));
    const branches = plainArray(calls.map((call) => call.branchId));
    const [row] = await this.#pool.read('call_details', DETAILS, [transactions, branches]);
    const details = (JSON.parse(row?.[0] ?? 'null') ?? []) as StoredDetails[];
    const registered = (JSON.parse(row?.[1] ?? 'null') ?? []) as Participant[];
    const participants = new Map(registered.map((participant) => [participant.name, participant]));
    const secrets = (JSON.parse(row?.[2] ?? 'null') ?? {}) as Readonly<Record<string, readonly string[]>>;
    const now = Number(row?.[3]);
    return details.flatMap((one) => {
      const participant = participants.get(one.participant);
      return participant === undefined ? [] : [{ ...one, participant, secrets: secrets[one.participant] ?? [], now }];
    });
  }
}

function callOf([transactionId, branchId, participant, phase, fence]: CallTuple): BranchCall {
  return { transactionId, branchId, participant, phase, fence, isUrgent: false };
}
