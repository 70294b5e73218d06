// Owns the tests of the lane: its bounds (I12), its order, how it ends, and what it does when the ledger fails.
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { Command, Verdict } from '../../src/coordinator/command.ts';
import { Lane, type LaneOptions } from '../../src/coordinator/lane.ts';
import {
  cancelOf,
  confirmOf,
  extendOf,
  movementId,
  moveOf,
  refundId,
  refundOf,
  transactionId,
  tryOf,
} from '../support/commands.ts';
import { MemoryLedger } from '../support/memory-ledger.ts';

const A = transactionId(1);
const B = transactionId(2);

function laneOn(ledger: MemoryLedger, changed: Partial<LaneOptions> = {}): Lane {
  const told = { onDeadlines: () => {}, onFault: () => {} };
  return new Lane(ledger, { queueLimit: 1000, batchLimit: 100, patienceMs: 5000, ...told, ...changed });
}

async function stocked(changed: Partial<LaneOptions> = {}): Promise<{ ledger: MemoryLedger; lane: Lane }> {
  const ledger = new MemoryLedger();
  const lane = laneOn(ledger, changed);
  await lane.submit(moveOf(movementId(1), 'RECEIVE', ['s', 1000]));
  ledger.calls.length = 0;
  return { ledger, lane };
}

function told(verdict: Verdict): string {
  if (!verdict.ok) return verdict.problem.code;
  return 'transaction' in verdict ? verdict.transaction.state : 'done';
}

const tries = (count: number, from = 100): Command[] =>
  Array.from({ length: count }, (_, index) => tryOf(transactionId(from + index), [['s', 1]]));

describe('a lane', () => {
  it('shares one commit among what came in one turn, and among what waited', async () => {
    const { ledger, lane } = await stocked();
    const first = tries(10).map((command) => lane.submit(command));
    await Promise.resolve();
    await Promise.resolve();
    const second = tries(10, 200).map((command) => lane.submit(command));
    expect(await Promise.all([...first, ...second]).then((all) => all.every((verdict) => verdict.ok))).to.equal(true);
    expect(ledger.calls).to.deep.equal(['apply 10', 'apply 10']);
  });

  it('puts no more into a commit than its limit', async () => {
    const { ledger, lane } = await stocked({ batchLimit: 4 });
    await Promise.all(tries(10).map((command) => lane.submit(command)));
    expect(ledger.calls).to.deep.equal(['apply 4', 'apply 4', 'apply 2']);
  });

  it('answers a lone command without waiting for a timer', async () => {
    const { lane } = await stocked();
    const [original, timers] = [globalThis.setTimeout, [] as unknown[]];
    const spy = (...all: Parameters<typeof original>): NodeJS.Timeout => {
      timers.push(all);
      return original(...all);
    };
    globalThis.setTimeout = Object.assign(spy, original);
    try {
      expect(told(await lane.submit(tryOf(A, [['s', 1]])))).to.equal('TRIED');
    } finally {
      globalThis.setTimeout = original;
    }
    expect(timers).to.deep.equal([]);
  });

  it('refuses at once what the queue has no room for, and takes more once it has', async () => {
    const { lane } = await stocked({ queueLimit: 3 });
    const verdicts = await Promise.all(tries(5).map((command) => lane.submit(command)));
    expect(verdicts.map(told)).to.deep.equal(['TRIED', 'TRIED', 'TRIED', 'overloaded', 'overloaded']);
    expect(told(await lane.submit(tryOf(A, [['s', 1]])))).to.equal('TRIED');
    expect(lane.depth).to.equal(0);
  });

  it('keeps the order of what comes on one id, whichever path each takes', async () => {
    const { lane } = await stocked();
    const one = [
      tryOf(A, [['s', 2]]),
      extendOf(A, 5000),
      confirmOf(A),
      cancelOf(A),
      refundOf(A, refundId(1), [['s', 1]]),
      refundOf(A, null),
    ];
    const other = [cancelOf(B), tryOf(B, [['s', 1]]), confirmOf(B)];
    const verdicts = await Promise.all([...one, ...other].map((command) => lane.submit(command)));
    expect(verdicts.map(told)).to.deep.equal([
      ...['TRIED', 'TRIED', 'CONFIRMED', 'invalid-transition', 'CONFIRMED', 'CONFIRMED'],
      ...['CANCELLED', 'transaction-cancelled', 'invalid-transition'],
    ]);
  });

  it('tells of every deadline it stored, on either path', async () => {
    const deadlines: number[] = [];
    const { ledger, lane } = await stocked({ onDeadlines: (some) => deadlines.push(...some) });
    await lane.submit(tryOf(A, [['s', 1]], { timeoutMs: 100 }));
    ledger.mishap = (call) => (call === 'apply' ? 'leave' : null);
    await lane.submit(tryOf(B, [['s', 1]], { timeoutMs: 200 }));
    await lane.submit(extendOf(A, 300));
    expect(deadlines.map((at) => at - ledger.now)).to.deep.equal([100, 200, 300]);
  });
});

describe('a lane that is closed', () => {
  it('answers what it took, takes nothing more, and can be closed again', async () => {
    const { lane } = await stocked({ batchLimit: 2 });
    const taken = tries(5).map((command) => lane.submit(command));
    const closed = Promise.all([lane.close(), lane.close()]);
    expect(told(await lane.submit(tryOf(A, [['s', 1]])))).to.equal('overloaded');
    await closed;
    expect(lane.depth).to.equal(0);
    expect((await Promise.all(taken)).map(told)).to.deep.equal(Array(5).fill('TRIED'));
    await lane.close();
  });

  it('gives up on a database that is gone within its patience', async () => {
    const { ledger, lane } = await stocked({ patienceMs: 60, batchLimit: 1 });
    ledger.mishap = () => 'lost-before';
    const taken = tries(3).map((command) => lane.submit(command));
    await lane.close();
    expect((await Promise.all(taken)).map(told)).to.deep.equal(Array(3).fill('database-unavailable'));
  });
});

describe('a lane whose ledger fails', () => {
  it('rejects the one command that cannot be settled, and settles its neighbours', async () => {
    const { ledger, lane } = await stocked();
    const poison = transactionId(104);
    ledger.mishap = (call, commands) => (call === 'apply' && commands.some(({ id }) => id === poison) ? 'unexpected' : null);
    const results = await Promise.allSettled(tries(9).map((command) => lane.submit(command)));
    expect(results.map((result) => (result.status === 'fulfilled' ? told(result.value) : 'rejected'))).to.deep.equal(
      Array.from({ length: 9 }, (_, index) => (index === 4 ? 'rejected' : 'TRIED')),
    );
    expect(told(await lane.submit(tryOf(A, [['s', 1]])))).to.equal('TRIED');
  });

  it('gives up on those who waited too long, and serves the others after the recovery', async () => {
    const patienceMs = 400;
    const { ledger, lane } = await stocked({ patienceMs, batchLimit: 1 });
    let isAway = true;
    ledger.mishap = () => (isAway ? 'lost-before' : null);
    const early = tries(3).map((command) => lane.submit(command));
    await delay(patienceMs * 0.7);
    const late = tries(2, 200).map(async (command) => told(await lane.submit(command)));
    expect((await Promise.all(early)).map(told)).to.deep.equal(Array(3).fill('database-unavailable'));
    isAway = false;
    expect(await Promise.all(late)).to.deep.equal(['TRIED', 'TRIED']);
  });

  it('gives up in time on those behind a statement that hangs', async () => {
    const { ledger, lane } = await stocked({ patienceMs: 200, batchLimit: 1 });
    ledger.mishap = () => 'lost-before';
    const apply = ledger.apply.bind(ledger);
    // As a hung server: each attempt fails only once its own time is up.
    ledger.apply = (...given) => delay(200).then(() => apply(...given));
    const startedAt = performance.now();
    const first = lane.submit(tryOf(A, [['s', 1]]));
    await delay(100);
    const second = lane.submit(tryOf(B, [['s', 1]]));
    expect([told(await first), told(await second)]).to.deep.equal(Array(2).fill('database-unavailable'));
    expect(performance.now() - startedAt).to.be.below(390);
  });

  it('takes nothing twice where the commit was done and the answer lost', async () => {
    const { ledger, lane } = await stocked();
    let failures = 2;
    ledger.mishap = () => (failures-- > 0 ? 'lost-after' : null);
    const commands = [tryOf(A, [['s', 5]]), confirmOf(A), moveOf(movementId(2), 'RECEIVE', ['s', 7]), tryOf(B, [['s', 3]])];
    expect((await Promise.all(commands.map((command) => lane.submit(command)))).map(told)).to.deep.equal([
      'TRIED',
      'CONFIRMED',
      'done',
      'TRIED',
    ]);
    expect(ledger.rows.stock.get('s default')).to.deep.include({ available: 999, reserved: 3, deducted: 5 });
  });

  it('does not call short what its own lost commit holds already', async () => {
    const { ledger, lane } = await stocked();
    let failures = 1;
    ledger.mishap = () => (failures-- > 0 ? 'lost-after' : null);
    const verdict = await lane.submit(tryOf(A, [['s', 600]], { idGiven: false }));
    expect(told(verdict)).to.equal('TRIED');
    expect(verdict.replayed).to.equal(false);
    expect(ledger.rows.stock.get('s default')).to.deep.include({ available: 400, reserved: 600 });
  });

  it('tells of a deadline whose commit was done and the answer lost', async () => {
    const deadlines: number[] = [];
    const { ledger, lane } = await stocked({ onDeadlines: (some) => deadlines.push(...some) });
    let failures = 1;
    ledger.mishap = () => (failures-- > 0 ? 'lost-after' : null);
    await lane.submit(tryOf(A, [['s', 1]], { timeoutMs: 100 }));
    expect(deadlines.map((at) => at - ledger.now)).to.deep.equal([100]);
  });

  it('decides again where a rival was faster, and isolates what never gets through', async () => {
    const { ledger, lane } = await stocked();
    let conflicts = 3;
    ledger.mishap = () => (conflicts-- > 0 ? 'conflict' : null);
    expect(told(await lane.submit(tryOf(A, [['s', 1]])))).to.equal('TRIED');
  });
});
