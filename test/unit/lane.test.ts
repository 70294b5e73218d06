// Owns the tests of the lane: its bounds (I12), its order, and how it ends.
import { expect } from 'chai';
import { cancelOf, confirmOf, extendOf, refundId, refundOf, transactionId, tryOf } from '../support/commands.ts';
import { stocked, told, tries } from '../support/memory-lane.ts';

const A = transactionId(1);
const B = transactionId(2);

describe('a lane', () => {
  it('shares one commit among what came in one turn, and among what waited', async () => {
    const { ledger, lane } = await stocked();
    const first = tries(10).map((command) => lane.submit(command));
    while (ledger.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const second = tries(10, 200).map((command) => lane.submit(command));
    expect(await Promise.all([...first, ...second]).then((all) => all.every((verdict) => verdict.ok))).to.equal(true);
    expect(ledger.calls).to.deep.equal(['apply 10', 'apply 10']);
  });

  it('puts no more into a commit than its limit', async () => {
    const { ledger, lane } = await stocked({ batchLimit: 4 });
    await Promise.all(tries(10).map((command) => lane.submit(command)));
    expect(ledger.calls).to.deep.equal(['apply 4', 'apply 4', 'apply 2']);
  });

  it('sends a second batch behind the first where a hundred wait, but nothing on an id that is under way', async () => {
    const { ledger, lane } = await stocked();
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const apply = ledger.apply.bind(ledger);
    const begun: number[] = [];
    ledger.apply = async (commands, again) => {
      begun.push(commands.length);
      await gate;
      return apply(commands, again);
    };
    const first = lane.submit(tryOf(A, [['s', 1]]));
    await turns();
    const waiting = tries(98).map((command) => lane.submit(command));
    const confirm = lane.submit(confirmOf(A));
    await turns();
    expect(begun, 'ninety-nine wait').to.deep.equal([1]);
    waiting.push(...tries(1, 500).map((command) => lane.submit(command)));
    await turns();
    expect(begun, 'a hundred wait, one of them for the first batch').to.deep.equal([1, 99]);
    open();
    expect([told(await first), told(await confirm)]).to.deep.equal(['TRIED', 'CONFIRMED']);
    expect((await Promise.all(waiting)).every((verdict) => verdict.ok)).to.equal(true);
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
    const { ledger, lane } = await stocked({ onEffects: (some) => deadlines.push(...some.deadlines) });
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
