// Owns the tests of waiting for news of a transaction: told at once by this process, by a look now and then at what others stored,
// and ended by time, by the caller, or with the process (rule 8).
import { expect } from 'chai';
import type { Transaction, TransactionId } from '../../src/coordinator/model.ts';
import { Watch } from '../../src/coordinator/watch.ts';
import { transactionId } from '../support/commands.ts';
import { NOON_MS, Story } from './decide/story.ts';

const ID = transactionId(1);
const LONG_MS = 60_000;

const isTried = ({ state }: Transaction): boolean => state === 'TRIED';
const never = new AbortController().signal;

let trying: Transaction;
let tried: Transaction;
let looks: (readonly TransactionId[])[];
let stored: () => Promise<readonly Transaction[]>;
let faults: unknown[];
let watch: Watch;

function watchEvery(intervalMs: number): Watch {
  const read = (ids: readonly TransactionId[]): Promise<readonly Transaction[]> => {
    looks.push(ids);
    return stored();
  };
  return new Watch({ read, intervalMs, onFault: (fault) => faults.push(fault) });
}

beforeEach(() => {
  const story = new Story().stocked(['a', 10]).registered('pay').trying(ID, 'pay');
  trying = story.stored(ID);
  tried = story
    .at(NOON_MS + 1)
    .answer(ID, 0, 'done')
    .stored(ID);
  looks = [];
  faults = [];
  stored = () => Promise.resolve([]);
  watch = watchEvery(LONG_MS);
});

afterEach(() => {
  watch.close();
});

describe('who waits for news', () => {
  it('is told at once of what this process stores, if it is what was waited for', async () => {
    let heard: Transaction | null | undefined;
    const waited = watch.until(ID, isTried, LONG_MS, never).then((transaction) => {
      heard = transaction;
    });
    watch.tell([trying, { ...tried, id: transactionId(2) }]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).to.equal(undefined);
    watch.tell([trying, tried]);
    await waited;
    expect(heard).to.equal(tried);
    expect(looks).to.deep.equal([]);
  });

  it('is told though others wait for something else of the same', async () => {
    const first = watch.until(ID, isTried, LONG_MS, never);
    const second = watch.until(ID, isTried, LONG_MS, never);
    const other = watch.until(ID, ({ state }) => state === 'CONFIRMED', LONG_MS, never);
    watch.tell([tried]);
    expect(await Promise.all([first, second])).to.deep.equal([tried, tried]);
    watch.tell([{ ...tried, state: 'CONFIRMED' }]);
    expect((await other)?.state).to.equal('CONFIRMED');
  });

  it('finds what others stored by a look, again and again, and by none once nobody waits', async () => {
    watch = watchEvery(1);
    let left = 3;
    stored = () => Promise.resolve([left-- > 1 ? trying : tried]);
    expect(await watch.until(ID, isTried, LONG_MS, never)).to.equal(tried);
    expect(looks).to.deep.equal([[ID], [ID], [ID]]);
  });

  // Seed 101, 30 minutes: a cancel was told TRIED, which a look had read before the cancel was decided.
  it('is not told what a look read before the wait began', async () => {
    watch = watchEvery(1);
    let answer: (transactions: readonly Transaction[]) => void = () => {};
    stored = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const patient = watch.until(ID, ({ state }) => state === 'CANCELLED', LONG_MS, never);
    while (looks.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const isNoLongerCancelling = ({ state }: Transaction): boolean => state !== 'CANCELLING';
    const late = watch.until(ID, isNoLongerCancelling, LONG_MS, never);
    stored = () => Promise.resolve([{ ...tried, state: 'CANCELLED' }]);
    answer([tried]);
    expect((await Promise.all([patient, late])).map((transaction) => transaction?.state)).to.deep.equal([
      'CANCELLED',
      'CANCELLED',
    ]);
  });

  it('outlasts a look that fails', async () => {
    watch = watchEvery(1);
    stored = () => (faults.length < 2 ? Promise.reject(new Error('PostgreSQL is away')) : Promise.resolve([tried]));
    expect(await watch.until(ID, isTried, LONG_MS, never)).to.equal(tried);
    expect(faults.map(String)).to.deep.equal(Array(2).fill('Error: PostgreSQL is away'));
  });

  it('has its turn though more wait than one look asks for (I12)', async () => {
    watch = watchEvery(1);
    const ids = Array.from({ length: 1100 }, (_, index) => transactionId(index));
    const waits = ids.map((id) => watch.until(id, isTried, LONG_MS, never));
    stored = () => Promise.resolve((looks.at(-1) ?? []).map((id) => ({ ...tried, id })));
    expect((await Promise.all(waits)).map((transaction) => transaction?.id)).to.deep.equal(ids);
    expect(looks.map(({ length }) => length)).to.deep.equal([500, 500, 100]);
  });

  it('has its turn though nothing comes of the first ones', async () => {
    watch = watchEvery(1);
    const last = transactionId(600);
    for (let index = 0; index < 550; index += 1) void watch.until(transactionId(index), isTried, LONG_MS, never);
    stored = () => Promise.resolve([trying, ...(looks.at(-1)?.includes(last) ? [{ ...tried, id: last }] : [])]);
    expect((await watch.until(last, isTried, LONG_MS, never))?.id).to.equal(last);
    expect(looks).to.have.length(2);
  });
});

describe('a wait', () => {
  it('ends when its time is up', async () => {
    const startedAt = performance.now();
    expect(await watch.until(ID, isTried, 30, never)).to.equal(null);
    expect(performance.now() - startedAt).to.be.within(28, 5000);
  });

  it('ends when the caller goes away', async () => {
    const caller = new AbortController();
    const waited = watch.until(ID, isTried, LONG_MS, caller.signal);
    caller.abort();
    expect(await waited).to.equal(null);
  });

  it('ends when the process stops, and is not begun after that', async () => {
    const waits = [ID, ID, transactionId(2)].map((id) => watch.until(id, isTried, LONG_MS, never));
    watch.close();
    expect(await Promise.all(waits)).to.deep.equal([null, null, null]);
    expect(await watch.until(ID, isTried, LONG_MS, never)).to.equal(null);
  });

  it('is not begun without time, or for one who has gone', async () => {
    for (const forMs of [0, -1]) expect(await watch.until(ID, isTried, forMs, never)).to.equal(null);
    expect(await watch.until(ID, isTried, LONG_MS, AbortSignal.abort())).to.equal(null);
  });

  it('leaves nothing on the caller’s signal once it is over', async () => {
    const caller = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = caller.signal;
    caller.signal.addEventListener = (...given: Parameters<typeof addEventListener>) => {
      listeners += 1;
      addEventListener.apply(caller.signal, given);
    };
    caller.signal.removeEventListener = (...given: Parameters<typeof removeEventListener>) => {
      listeners -= 1;
      removeEventListener.apply(caller.signal, given);
    };
    const waited = watch.until(ID, isTried, LONG_MS, caller.signal);
    expect(listeners).to.equal(1);
    watch.tell([tried]);
    await waited;
    expect(listeners).to.equal(0);
  });
});
