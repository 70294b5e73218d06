// The client's whole transaction: what is confirmed, what is cancelled, and what is left alone where answers are lost.
import { expect } from 'chai';
import {
  type Basket,
  HoldfastAlreadyDecided,
  HoldfastClient,
  HoldfastError,
  HoldfastOutcomeUnknown,
  HoldfastUnavailable,
  type WaitOptions,
} from '../../src/client/index.ts';
import { errorOf } from '../support/error-of.ts';
import { answer, hang, refuse, reset, ScriptedServer, type Step } from '../support/scripted-server.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const BASKET: Basket = { items: [{ sku: 'A', quantity: 1 }] };
const NAMED: Basket = { ...BASKET, id: ID };
const being =
  (state: string, status = 200): Step =>
  (response, seen) =>
    answer(status, { id: seen.json.id ?? seen.path.split('/')[3], state })(response, seen);
const tried = being('TRIED', 201);
const overloaded = refuse(503, 'overloaded', { retryable: true });

describe('a whole transaction of the client', () => {
  const server = ScriptedServer.forSuite();
  const run = <Result>(basket: Basket, work: (id: string) => Promise<Result> | Result, options: WaitOptions = {}) =>
    new HoldfastClient({ url: server.url, retry: { attempts: 2, initialMs: 1 } }).transaction(
      basket,
      (held) => work(held.id),
      options,
    );
  /** What was asked, the id left out. */
  const asked = (): string[] =>
    server.seen.map(({ path, json }) => {
      expect(path === '/v1/transactions' || path.includes(String(server.seen[0]?.json.id)), path).to.equal(true);
      expect(path !== '/v1/transactions' || json.id === server.seen[0]?.json.id).to.equal(true);
      return path === '/v1/transactions' ? 'try' : (path.split('/').at(-1) ?? '');
    });
  const nothingRuns = (): never => {
    throw new Error('the work ran');
  };

  it('confirms when the work returns, and gives back what it returned', async () => {
    server.script(tried, being('CONFIRMED'));
    const { transaction, result } = await run(BASKET, async (id) => `paid ${id}`);
    expect(transaction.state).to.equal('CONFIRMED');
    expect(result).to.equal(`paid ${transaction.id}`);
    expect(asked()).to.deep.equal(['try', 'confirm']);
  });

  it('takes CONFIRMING for decided', async () => {
    server.script(tried, being('CONFIRMING', 202));
    expect((await run(BASKET, () => 1)).transaction.state).to.equal('CONFIRMING');
    expect(asked()).to.deep.equal(['try', 'confirm']);
  });

  it('cancels when the work throws, and throws that very error on', async () => {
    server.script(tried, being('CANCELLED'));
    const declined = new Error('the card was declined');
    expect(await errorOf(run(BASKET, () => Promise.reject(declined)))).to.equal(declined);
    expect(declined).to.not.have.property('suppressed');
    expect(asked()).to.deep.equal(['try', 'cancel']);
  });

  it('does not let a failing cancel mask the error of the work', async () => {
    const cause = new Error('no funds');
    const declined = new Error('the card was declined', { cause });
    for (const thrown of [declined, Object.freeze(new Error('frozen')), 'text', null]) {
      server.script(tried, reset, reset);
      expect(await errorOf(run(BASKET, () => Promise.reject(thrown)))).to.equal(thrown);
    }
    expect(declined.cause).to.equal(cause);
    expect(declined).to.have.property('suppressed').that.is.instanceOf(HoldfastUnavailable);
  });

  it('waits on while it is TRYING, until it is held', async () => {
    server.script(being('TRYING', 202), being('TRYING', 202), tried, being('CONFIRMED'));
    await run(BASKET, () => 1, { waitSeconds: 1 });
    expect(asked()).to.deep.equal(['try', 'try', 'try', 'confirm']);
    expect(server.seen.map((seen) => seen.headers.prefer)).to.deep.equal(['wait=1', 'wait=20', 'wait=20', 'wait=1']);
  });

  it('waits on while it is TRYING, until it is refused', async () => {
    server.script(being('TRYING', 202), refuse(409, 'participant-refused'));
    const error = await errorOf(run(BASKET, nothingRuns), HoldfastError);
    expect(error.code).to.equal('participant-refused');
    expect(asked()).to.deep.equal(['try', 'try']);
  });

  it('cancels nothing where the Try was refused, or may be sent again', async () => {
    server.script(refuse(409, 'insufficient-stock'), reset, refuse(409, 'insufficient-stock'), overloaded, overloaded);
    for (const code of ['insufficient-stock', 'insufficient-stock', 'overloaded']) {
      expect((await errorOf(run(NAMED, nothingRuns), HoldfastError)).code).to.equal(code);
    }
    server.script(reset, reset);
    expect((await errorOf(run(NAMED, nothingRuns), HoldfastUnavailable)).id).to.equal(ID);
    expect(asked()).to.deep.equal(Array.from({ length: 7 }, () => 'try'));
  });

  it('cancels a Try under an id of its own where it is not known to hold nothing', async () => {
    server.script(reset, reset, being('CANCELLED'));
    await errorOf(run(BASKET, nothingRuns), HoldfastUnavailable);
    expect(asked()).to.deep.equal(['try', 'try', 'cancel']);
  });

  it('throws that the outcome is unknown where the answer to the confirm is lost, and cancels nothing', async () => {
    for (const [first, second] of [
      [reset, reset],
      [reset, overloaded],
      [reset, refuse(401, 'unauthenticated')],
      [refuse(503, 'database-unavailable', { retryable: true }), overloaded],
    ] as const) {
      server.script(tried, first, second);
      const error = await errorOf(
        run(NAMED, () => 1),
        HoldfastOutcomeUnknown,
      );
      expect(error.id).to.equal(ID);
      expect(error.message)
        .to.include(ID)
        .and.match(/unknown/);
      expect(error.cause).to.be.instanceOf(Error);
    }
    expect(asked()).to.not.include('cancel');
  });

  it('throws what the confirm was refused with where that is certain, also after a lost attempt', async () => {
    server.script(tried, refuse(410, 'reservation-expired'));
    expect(
      (
        await errorOf(
          run(NAMED, () => 1),
          HoldfastError,
        )
      ).code,
    ).to.equal('reservation-expired');
    server.script(tried, reset, refuse(409, 'invalid-transition', { state: 'CANCELLED' }));
    expect(
      (
        await errorOf(
          run(NAMED, () => 1),
          HoldfastError,
        )
      ).code,
    ).to.equal('invalid-transition');
    server.script(tried, overloaded, overloaded);
    expect(
      (
        await errorOf(
          run(NAMED, () => 1),
          HoldfastError,
        )
      ).code,
    ).to.equal('overloaded');
    expect(asked()).to.not.include('cancel');
  });

  it('confirms after a lost answer by the same confirm again', async () => {
    server.script(tried, reset, being('CONFIRMED'));
    expect((await run(BASKET, () => 1)).transaction.state).to.equal('CONFIRMED');
    expect(asked()).to.deep.equal(['try', 'confirm', 'confirm']);
  });

  it('does not run the work again for an id that was confirmed before', async () => {
    server.script(being('CONFIRMED'));
    const error = await errorOf(run(NAMED, nothingRuns), HoldfastAlreadyDecided);
    expect(error).to.include({ id: ID, state: 'CONFIRMED' });
    expect(asked()).to.deep.equal(['try']);
  });

  it('cancels where the signal is given while the work runs, and the cancel does not heed it', async () => {
    server.script(tried, being('CANCELLED'));
    const caller = new AbortController();
    const failing = run(BASKET, () => caller.abort(), { signal: caller.signal });
    expect(await errorOf(failing)).to.equal(caller.signal.reason);
    expect(asked()).to.deep.equal(['try', 'cancel']);
  });

  it('cancels where the signal is given during the Try, and not during the confirm', async () => {
    for (const [script, kind] of [
      [[hang, being('CANCELLED')], undefined],
      [[tried, hang], HoldfastOutcomeUnknown],
    ] as const) {
      server.seen.length = 0;
      server.script(...script);
      const caller = new AbortController();
      const failing = errorOf(
        run(BASKET, () => 1, { signal: caller.signal }),
        kind,
      );
      for (const _ of script.slice(0, script.indexOf(hang) + 1)) await server.arrival();
      caller.abort();
      const error = await failing;
      expect(kind === undefined ? error : (error as Error).cause).to.equal(caller.signal.reason);
      expect(asked()).to.deep.equal(kind === undefined ? ['try', 'cancel'] : ['try', 'confirm']);
    }
  });

  it('cancels, and throws what kept the confirm from being sent, where nothing was sent', async () => {
    server.script(tried, being('CANCELLED'));
    const noKey = new Error('the token service is down');
    const keys = ['first', noKey, 'third'];
    const key = (): string => {
      const next = keys.shift();
      if (next === undefined || next instanceof Error) throw next;
      return next;
    };
    const client = new HoldfastClient({ url: server.url, key, retry: { attempts: 2, initialMs: 1 } });
    expect(await errorOf(client.transaction(BASKET, () => 1))).to.equal(noKey);
    expect(asked()).to.deep.equal(['try', 'cancel']);
  });

  it('leaves nothing behind for a basket that cannot be sent', async () => {
    await errorOf(run({ ...BASKET, metadata: { count: 1n } }, nothingRuns), TypeError);
    await errorOf(run(BASKET, nothingRuns, { traceparent: 'x\ny' }), TypeError);
    expect(asked()).to.deep.equal([]);
  });

  it('waits for no branch when it cancels', async () => {
    server.script(tried, being('CANCELLING', 202));
    await errorOf(run(BASKET, () => Promise.reject(new Error('declined'))));
    expect(server.seen.at(-1)?.headers.prefer).to.include('wait=0');
  });
});
