// Owns the tests of what the lane does when the ledger fails: whom it rejects, whom it gives up on, and that nothing is done twice.
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { confirmOf, movementId, moveOf, transactionId, tryOf } from '../support/commands.ts';
import { stocked, told, tries } from '../support/memory-lane.ts';

const A = transactionId(1);
const B = transactionId(2);

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
    // Long beside the longest pause between two attempts, within which those behind are served.
    const patienceMs = 1500;
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
    const { ledger, lane } = await stocked({ onEffects: (some) => deadlines.push(...some.deadlines) });
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
