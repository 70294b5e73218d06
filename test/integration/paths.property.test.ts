// Owns the test that the optimistic and the exact path end the same way: the same random batches on two databases, one of whose
// ledgers leaves everything to the exact path. Every verdict, every row and what
// is accounted of them must agree, branches too, and I1–I5 and I9 hold by SQL after each batch.
import { expect } from 'chai';
import fc from 'fast-check';
import { type Account, NOTHING_DONE } from '../../src/coordinator/account.ts';
import { settleBatch } from '../../src/coordinator/batch.ts';
import type { Command, Verdict } from '../../src/coordinator/command.ts';
import { type Keys, type Ledger, LedgerFault } from '../../src/coordinator/ledger.ts';
import type { Transaction } from '../../src/coordinator/model.ts';
import type { PostgresLedger } from '../../src/ledger/ledger.ts';
import { movementId, moveOf, putParticipantOf } from '../support/commands.ts';
import { type LedgerDatabase, makeLedgerDatabase } from '../support/ledger-database.ts';
import { anyBatches, BatchMaker, PAUSE_MS, PLENTIFUL, type RandomBatch, SCARCE, WAREHOUSE } from '../support/random-batch.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const TIME_LIMIT_MS = 8_000;
/** Under whose lease branches are asked. */
const HOLDER = 'c0000000-0000-4000-8000-000000000001';
/** What is left out: versions (the optimistic path counts a batch once) and times, but for how they stand to one another. */
const ROWS = `
SELECT json_build_array(sku, warehouse, available, reserved, deducted)::text AS row FROM holdfast.stock
UNION ALL
SELECT json_build_array(id, state, reason, note, needs_attention, branch_count, encode(content_hash, 'hex'), reference, metadata::text,
  shortages, decided_at IS NULL, created_at <= updated_at, expires_at <= created_at)::text
FROM holdfast.transaction WHERE reason IS DISTINCT FROM 'insufficient-stock' OR shortages IS NOT NULL
UNION ALL
SELECT json_build_array(transaction_id, sku, warehouse, quantity, state, deducted, refunded)::text FROM holdfast.reservation
UNION ALL
SELECT json_build_array(r.transaction_id, r.sku, 'created with it', r.created_at = t.created_at)::text
FROM holdfast.reservation r JOIN holdfast.transaction t ON t.id = r.transaction_id
UNION ALL
SELECT json_build_array(id, sku, warehouse, kind, quantity, delta, reason, refusal ->> 'code')::text FROM holdfast.movement
UNION ALL
SELECT json_build_array(transaction_id, id, encode(content_hash, 'hex'), refusal ->> 'code')::text FROM holdfast.refund
UNION ALL
SELECT json_build_array(transaction_id, event, from_state, to_state, count(*))::text
FROM holdfast.event GROUP BY transaction_id, event, from_state, to_state
UNION ALL
SELECT json_build_array(transaction_id, id, position, participant, state, phase, attempts, failures, attempts_in_all, last_error,
  next_attempt_at IS NULL, lease_holder, fence, needs_attention, resolved, payload::text)::text
FROM holdfast.branch
UNION ALL
SELECT json_build_array(transaction_id, branch_id, sequence, phase, attempt, outcome, status, error, from_state, to_state)::text
FROM holdfast.attempt
ORDER BY 1`;

/** Leaves everything to the exact path. */
function exactly(ledger: Ledger): Ledger {
  return {
    apply: async (commands) => ({ now: 0, verdicts: commands.map(() => null), short: [], account: NOTHING_DONE }),
    applyReplies: async () => ({ now: 0, done: new Set(), moved: [] }),
    load: (keys) => ledger.load(keys),
    exclusively: (keys, decideAll) => ledger.exclusively(keys, decideAll),
  };
}

/** Starts again after a conflict, as the lane does: a claim may outlive the answer that its statement failed by a moment. */
function patient(ledger: Ledger): Ledger {
  const again = async (keys: Keys, decideAll: Parameters<Ledger['exclusively']>[1], attempt = 1): Promise<void> => {
    try {
      await ledger.exclusively(keys, decideAll);
    } catch (error) {
      if (attempt === 5 || !(error instanceof LedgerFault) || error.kind !== 'conflict') throw error;
      await new Promise((resolve) => setTimeout(resolve, 2 ** attempt));
      await again(keys, decideAll, attempt + 1);
    }
  };
  return {
    apply: (commands, second) => ledger.apply(commands, second),
    applyReplies: (replies) => ledger.applyReplies(replies),
    load: (keys) => ledger.load(keys),
    exclusively: again,
  };
}

interface Settled {
  readonly verdicts: readonly Verdict[];
  /** What all commits of it did, added up. */
  readonly done: Readonly<Record<string, number>>;
}

async function settle(ledger: Ledger, commands: readonly Command[], again: boolean): Promise<Settled> {
  const verdicts: Verdict[] = [];
  const accounts: Account[] = [];
  const accounted = (account: Account): unknown => accounts.push(account);
  const settled = (position: number, verdict: Verdict): void => {
    expect(verdicts[position], `command ${position} was told twice`).to.equal(undefined);
    verdicts[position] = verdict;
  };
  await settleBatch(patient(ledger), commands, again, { settled, stored: () => {}, accounted }).catch((error: unknown) => {
    throw error instanceof LedgerFault ? new Error(`${error.message} on ${JSON.stringify(commands)}`) : error;
  });
  expect(verdicts.filter(Boolean)).to.have.length(commands.length);
  return { verdicts, done: sumOf(accounts) };
}

function sumOf(accounts: readonly Account[]): Record<string, number> {
  const sum: Record<string, number> = {};
  const add = (key: string, count: number): void => {
    if (count > 0) sum[key] = (sum[key] ?? 0) + count;
  };
  for (const { reached, units, expiryDelaysMs } of accounts) {
    for (const { state, reason, count } of reached) add(`${state} ${reason}`, count);
    for (const [move, quantity] of Object.entries(units)) add(move, quantity);
    add('expired', expiryDelaysMs.length);
  }
  return sum;
}

/** What must agree: all but times, versions, and the counters around what came and went in between. */
function comparable(verdict: Verdict, command: Command): unknown {
  if (!verdict.ok) {
    const { code, members } = verdict.problem;
    // A Try without id may be told the counters as they were before the batch, or in its turn.
    const seen = command.kind === 'try' && !command.idGiven ? null : (members?.shortages ?? null);
    return [code, verdict.replayed, members?.state ?? null, members?.sku ?? null, seen];
  }
  if ('movement' in verdict) return [verdict.replayed, { ...verdict.movement, at: 0, stock: null }];
  if (!('transaction' in verdict)) return [verdict.replayed];
  const { transaction } = verdict;
  // Nobody asks how far the others have come: a late reply may be told of them before or after.
  if (command.kind === 'branch-reply') return [verdict.replayed, transaction.id];
  return [verdict.replayed, 'items' in transaction ? timeless(transaction) : transaction];
}

function timeless(transaction: Transaction): object {
  const branches = transaction.branches.map((branch) => ({ ...branch, work: { ...branch.work, at: 0 } }));
  const visible = { ...transaction, branches, createdAt: 0, expiresAt: 0, updatedAt: 0 };
  // What only the stored form has is for nobody's eyes.
  return Object.fromEntries(
    Object.entries(visible).filter(([name]) => !['contentHash', 'shortages', 'decidedAt', 'retiredAt'].includes(name)),
  );
}

describe('the optimistic and the exact path', function () {
  this.timeout(60_000);
  let server: TestServer;
  let fast: LedgerDatabase;
  let exact: LedgerDatabase;
  let fastLedger: PostgresLedger;
  let exactLedger: PostgresLedger;
  let serial = 0;

  before(async () => {
    server = await startPostgres();
    fast = await makeLedgerDatabase(server.url, 'fast');
    exact = await makeLedgerDatabase(server.url, 'exact');
    fastLedger = fast.another(() => HOLDER);
    exactLedger = exact.another(() => HOLDER);
  });

  after(async () => {
    await Promise.all([fast.close(), exact.close()]);
    await server.stop();
  });

  async function stockUp(): Promise<void> {
    const quantities = [...PLENTIFUL.map((sku) => [sku, 1_000_000] as const), ...SCARCE.map((sku) => [sku, 12] as const)];
    const supplies = quantities.flatMap(([sku, quantity], index) => [
      moveOf(movementId(2 * index), 'RECEIVE', [sku, quantity]),
      moveOf(movementId(2 * index + 1), 'RECEIVE', [sku, quantity, WAREHOUSE]),
    ]);
    await Promise.all(
      [fast, exact].map(async (database) => {
        await database.empty();
        await database.query(
          "INSERT INTO holdfast.coordinator (id, name, started_at, lease_until) VALUES ($1, 'test', now(), now() + interval '1 hour')",
          [HOLDER],
        );
        await settle(database.ledger, [...supplies, putParticipantOf('pay'), putParticipantOf('points')], false);
      }),
    );
  }

  async function bothEndAlike(commands: readonly Command[], again: boolean): Promise<void> {
    const told = await Promise.all([settle(fastLedger, commands, again), settle(exactly(exactLedger), commands, again)]);
    commands.forEach((command, position) => {
      const [left, right] = told.map(({ verdicts }) => comparable(verdicts[position] as Verdict, command));
      expect(left, `${JSON.stringify(command)}${again ? ' again' : ''}`).to.deep.equal(right);
    });
    expect(told[0].done, 'what was done, added up').to.deep.equal(told[1].done);
    // Tiny deadlines come before the next batch.
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const [rows, expected] = await Promise.all([fast.query(ROWS), exact.query(ROWS)]);
    const [left, right] = [rows, expected].map((all) => all.map(({ row }) => String(row)));
    const differing = [left?.filter((row) => !right?.includes(row)), right?.filter((row) => !left?.includes(row))];
    expect(differing, 'rows that only one of them has').to.deep.equal([[], []]);
    expect(await Promise.all([fast.audit(), exact.audit()])).to.deep.equal([[], []]);
  }

  async function play(batches: readonly RandomBatch[]): Promise<void> {
    await stockUp();
    const maker = new BatchMaker(() => {
      serial += 1;
      return serial;
    });
    for (const batch of batches) {
      const commands = maker.commandsOf(batch);
      await bothEndAlike(commands, false);
      if (batch.isRepeated)
        await bothEndAlike(
          commands.filter((command) => command.kind === 'try'),
          true,
        );
    }
  }

  it('end the same way, command by command and row by row', async () => {
    let runs = 0;
    const counted = (batches: Parameters<typeof play>[0]): Promise<void> => {
      runs += 1;
      return play(batches);
    };
    await fc.assert(fc.asyncProperty(anyBatches, counted), { numRuns: 60, interruptAfterTimeLimit: TIME_LIMIT_MS });
    // Time ends the search on a slow machine; one that ended before it began would prove nothing.
    expect(runs).to.be.at.least(5);
  });
});
