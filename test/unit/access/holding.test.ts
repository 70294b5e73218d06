// Owns the tests of src/access/holding.ts: what is asked of PostgreSQL and when, and that the bound stays one, whatever is under way.
import { expect } from 'chai';
import { HoldingLimit } from '../../../src/access/holding.ts';
import type { Command, Coordinator, TryCommand, VerdictOf } from '../../../src/coordinator/command.ts';
import { problem } from '../../../src/errors.ts';
import { transactionId, tryOf } from '../../support/commands.ts';

type Outcome = 'held' | 'short' | 'replayed' | 'unknown' | 'thrown';
const HOLDER = 'c0000000-0000-4000-8000-00000000000a';
const LIMIT = 10;

/** PostgreSQL and the lanes: what is held, and Tries whose end the test says. */
class Ledger implements Coordinator {
  readonly held = new Map<string, number>();
  readonly known = new Set<string>();
  looks = 0;
  readonly underWay: { readonly command: TryCommand; readonly end: (outcome: Outcome) => void }[] = [];
  /** Where set, a look waits until it is called. */
  answerLook: (() => void) | null = null;
  isSlow = false;
  isAway = false;

  submit<C extends Command>(command: C): Promise<VerdictOf<C>> {
    if (command.kind !== 'try') throw new Error('only Tries here');
    return new Promise<unknown>((resolve, reject) => {
      const end = (outcome: Outcome): void => {
        if (outcome === 'held') {
          for (const { sku, quantity } of command.items) this.held.set(sku, (this.held.get(sku) ?? 0) + quantity);
          this.known.add(command.id);
        }
        if (outcome === 'thrown') reject(new Error('a fault of ours'));
        else if (outcome === 'held' || outcome === 'replayed')
          resolve({ ok: true, replayed: outcome === 'replayed', transaction: { id: command.id, state: 'TRIED' } });
        else
          resolve({
            ok: false,
            replayed: false,
            problem: problem(outcome === 'short' ? 'insufficient-stock' : 'database-unavailable', 'It is so.'),
          });
      };
      this.underWay.push({ command, end });
    }) as Promise<VerdictOf<C>>;
  }

  async look(): Promise<ReadonlyMap<string, number>> {
    this.looks += 1;
    if (this.isAway) throw new Error('PostgreSQL is away');
    const seen = new Map(this.held);
    if (this.isSlow)
      await new Promise<void>((resolve) => {
        this.answerLook = resolve;
      });
    return seen;
  }

  /** Ends every Try that is under way. */
  endAll(outcome: Outcome): void {
    for (const { end } of this.underWay.splice(0)) end(outcome);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the bound on what a caller holds', () => {
  let ledger = new Ledger();
  let now = 0;
  let refusals: string[] = [];
  let limiter: HoldingLimit;
  let next = 0;

  const newLimiter = (limit = LIMIT, limitPerSku = 0): HoldingLimit =>
    new HoldingLimit({
      coordinator: ledger,
      limit,
      limitPerSku,
      heldBy: () => ledger.look(),
      isKnown: async (id) => ledger.known.has(id),
      doubtMs: 5_000,
      onRefusal: (which) => refusals.push(which),
      now: () => now,
    });
  const command = (quantity: number, sku = 'a'): TryCommand => {
    next += 1;
    return { ...tryOf(transactionId(next), [[sku, quantity]]), holder: HOLDER };
  };
  const submit = (quantity: number, sku = 'a') => limiter.submit(command(quantity, sku));
  /** What it came to, as far as it has. */
  const outcomeOf = async (verdict: Promise<VerdictOf<TryCommand>>): Promise<string> => {
    const pending = turn()
      .then(turn)
      .then(() => 'under way');
    const told = verdict.then((each) => (each.ok ? 'held' : each.problem.code));
    return Promise.race([told, pending]);
  };

  beforeEach(() => {
    ledger = new Ledger();
    now = 100_000;
    refusals = [];
    limiter = newLimiter();
  });

  it('asks nothing while Tries fit under what is known', async () => {
    const tries = [submit(2), submit(3)];
    await turn();
    ledger.endAll('held');
    await Promise.all(tries);
    const another = submit(5);
    await turn();
    ledger.endAll('held');
    expect(await outcomeOf(another)).to.equal('held');
    expect(ledger.looks).to.equal(1);
  });

  it('makes one look for a crowd that does not fit, not one for each', async () => {
    const first = submit(LIMIT);
    await turn();
    ledger.endAll('held');
    await first;
    const crowd = Array.from({ length: 50 }, () => submit(1));
    const told = await Promise.all(crowd.map((each) => outcomeOf(each)));
    expect(new Set(told)).to.deep.equal(new Set(['rate-limited']));
    expect(ledger.looks).to.be.at.most(3);
    expect(refusals).to.have.length(50);
    expect(new Set(refusals)).to.deep.equal(new Set(['holding']));
  });

  it('sees what was freed before it refuses', async () => {
    const first = submit(LIMIT);
    await turn();
    ledger.endAll('held');
    await first;
    ledger.held.set('a', 4);
    const second = submit(6);
    await turn();
    await turn();
    ledger.endAll('held');
    expect(await outcomeOf(second)).to.equal('held');
    expect(await outcomeOf(submit(1))).to.equal('rate-limited');
  });

  it('waits for what is under way rather than refuse whom its end lets through', async () => {
    const first = submit(LIMIT);
    await turn();
    const second = submit(1);
    expect(await outcomeOf(second)).to.equal('under way');
    ledger.endAll('short');
    await turn();
    await turn();
    ledger.endAll('held');
    expect(await outcomeOf(first)).to.equal('insufficient-stock');
    expect(await outcomeOf(second)).to.equal('held');
  });

  it('looks again beside those who fit, without making them wait, and is never too low meanwhile', async () => {
    const first = submit(4);
    await turn();
    ledger.endAll('held');
    await first;
    now += 1_200;
    ledger.isSlow = true;
    // Another process let three through, which the look below sees.
    ledger.held.set('b', 3);
    const second = submit(2);
    await turn();
    expect(ledger.underWay).to.have.length(1);
    expect(ledger.looks).to.equal(2);
    ledger.endAll('held');
    expect(await outcomeOf(second)).to.equal('held');
    ledger.answerLook?.();
    ledger.isSlow = false;
    await turn();
    // 4 + 3 were seen, and 2 came since: one is left.
    expect(await outcomeOf(submit(2))).to.equal('rate-limited');
    const last = submit(1);
    await turn();
    ledger.endAll('held');
    expect(await outcomeOf(last)).to.equal('held');
  });

  it('waits for a look where the last one was long ago', async () => {
    const first = submit(4);
    await turn();
    ledger.endAll('held');
    await first;
    now += 60_000;
    ledger.held.set('b', 6);
    expect(await outcomeOf(submit(1))).to.equal('rate-limited');
  });

  it('counts on what may still be stored, until that is over', async () => {
    for (const outcome of ['unknown', 'thrown'] as const) {
      limiter = newLimiter();
      const lost = submit(LIMIT);
      await turn();
      ledger.endAll(outcome);
      expect(await outcomeOf(lost.catch(() => ({ ok: true }) as VerdictOf<TryCommand>)), outcome).not.to.equal('under way');
      expect(await outcomeOf(submit(1)), outcome).to.equal('rate-limited');
      now += 5_001;
      const later = submit(1);
      await turn();
      await turn();
      ledger.endAll('short');
      expect(await outcomeOf(later), outcome).to.equal('insufficient-stock');
    }
  });

  it('answers a Try again that is known, and counts it but while it is under way', async () => {
    const again = { ...tryOf(transactionId(900), [['a', LIMIT]]), holder: HOLDER };
    const first = limiter.submit(again);
    await turn();
    ledger.endAll('held');
    await first;
    const second = limiter.submit(again);
    await turn();
    await turn();
    ledger.endAll('replayed');
    expect(await outcomeOf(second)).to.equal('held');
    expect(refusals).to.deep.equal([]);
  });

  it('tells one who can never succeed so, and asks nothing for it', async () => {
    const verdict = await submit(LIMIT + 1);
    expect(verdict.ok).to.equal(false);
    expect(verdict.ok ? null : verdict.problem).to.include({ code: 'rate-limited', retryable: false });
    expect(ledger.looks).to.equal(0);
    limiter = newLimiter(0, 3);
    const ofOne = await submit(4);
    expect(ofOne.ok ? null : ofOne.problem.detail).to.contain('of a');
    expect(refusals).to.deep.equal(['holding', 'holding-per-sku']);
  });

  it('holds for one SKU, over all warehouses of a basket', async () => {
    limiter = newLimiter(0, 5);
    const first = limiter.submit({
      ...tryOf(transactionId(901), [
        ['a', 2, 'north'],
        ['a', 2, 'south'],
        ['b', 5],
      ]),
      holder: HOLDER,
    });
    await turn();
    ledger.endAll('held');
    expect(await outcomeOf(first)).to.equal('held');
    const refused = await submit(2);
    expect(refused.ok ? null : refused.problem).to.deep.include({
      detail: 'This key holds 4 units of a and asks for 2 more, where it may hold 5. Confirm or cancel some first.',
    });
    const other = submit(1);
    await turn();
    ledger.endAll('held');
    expect(await outcomeOf(other)).to.equal('held');
  });

  it('fails as PostgreSQL fails, and looks again once that is back', async () => {
    ledger.isAway = true;
    const lost = await submit(1).then(
      () => null,
      (error: unknown) => String(error),
    );
    expect(lost).to.contain('PostgreSQL is away');
    ledger.isAway = false;
    const found = submit(1);
    await turn();
    await turn();
    ledger.endAll('held');
    expect(await outcomeOf(found)).to.equal('held');
  });

  it('remembers only those who are at it (I12)', async () => {
    for (let caller = 0; caller < 2_000; caller += 1) {
      const verdict = limiter.submit({ ...command(1), holder: `holder-${caller}` });
      await turn();
      ledger.endAll('short');
      await verdict;
    }
    expect(limiter.remembered).to.equal(2_000);
    now += 10_000;
    const verdict = submit(1);
    await turn();
    ledger.endAll('short');
    await verdict;
    expect(limiter.remembered).to.equal(1);
  });
});
