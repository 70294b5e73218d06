// Owns the races that callers can run (contract, rules 2, 4–7): whoever is first, exactly one wins, nothing is sold twice (I2),
// and every caller's answer agrees with how it ended (I5, I7, I8).
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { audit } from '../support/audit.ts';
import { answered, brief, type CallAnswer, call, hangUp, receive, until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { checkHistory, type Life, send } from '../support/load.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

describe('races', function () {
  this.timeout(40_000);
  let postgres: TestServer;
  let redis: TestServer;
  let coordinators: readonly CoordinatorProcess[];
  let turn = 0;
  /** One instance and the other: what comes to one alone is put in order by its queue. */
  const anyUrl = (): string => coordinators[turn++ % coordinators.length]?.url ?? '';

  before(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url };
    coordinators = await Promise.all([startCoordinator({ env }), startCoordinator({ env })]);
  });
  afterEach(async () => {
    expect(await audit(postgres.url)).to.deep.equal([]);
    for (const { output } of coordinators) expect(output()).not.to.match(/"level":(50|60)/);
  });
  after(async () => {
    for (const { stop } of coordinators) expect(await stop()).to.equal(0);
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  const bodyOf = (id: string, sku: string, timeoutMs = 600_000): object => ({ id, items: [{ sku, quantity: 1 }], timeoutMs });
  const tryOne = (id: string, sku: string, timeoutMs?: number): Promise<CallAnswer> =>
    answered(anyUrl(), 'POST', '/v1/transactions', bodyOf(id, sku, timeoutMs));
  const stockOf = async (sku: string): Promise<string> => {
    const { available, reserved, deducted } = (await answered(anyUrl(), 'GET', `/v1/stock/${sku}`)).body;
    return `${available}/${reserved}/${deducted}`;
  };
  const stateOf = async (id: string): Promise<string> => {
    const { state, reason } = (await answered(anyUrl(), 'GET', `/v1/transactions/${id}`)).body;
    return `${state} ${reason ?? ''}`.trim();
  };

  it('of a confirm, a cancel and the deadline exactly one wins, 400 times', async () => {
    await receive(anyUrl(), 'three-way', 10_000);
    const lives = Array.from({ length: 400 }, (_, index): Life => {
      const items = [{ sku: 'three-way', quantity: 1 + (index % 3) }];
      return { body: { id: randomUUID(), items, timeoutMs: 100 + 2 * (index % 200) }, told: [] };
    });
    await Promise.all(
      lives.map(async (life, index) => {
        await delay(index);
        const sentAt = performance.now();
        await send(anyUrl(), life, 'try');
        // Some before the deadline, some at it, some after; one of the two may be a little behind the other.
        const at = life.body.timeoutMs - 60 + (index % 80) - (performance.now() - sentAt);
        const late = (): Promise<unknown> => delay(Math.max(0, at) + (Math.random() < 0.5 ? 0 : Math.random() * 10));
        await Promise.all([
          late().then(() => send(anyUrl(), life, 'confirm')),
          late().then(() => send(anyUrl(), life, 'cancel')),
        ]);
      }),
    );
    expect(await checkHistory(anyUrl(), { received: new Map([['three-way', 10_000]]), lives })).to.deep.equal([]);
    for (const { told } of lives) {
      expect(told[0]?.status).to.equal(201);
      const accepted = told.slice(1).filter(({ status }) => status === 200).length;
      expect(accepted, JSON.stringify(told)).to.equal(1);
    }
  });

  it('sells the last unit once to 200 callers, each asking until it has an answer', async () => {
    await receive(anyUrl(), 'last', 1);
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const id = randomUUID();
        // A third of them lose their first connection, whatever was done with what they sent on it.
        if (index % 3 === 0) await hangUp(anyUrl(), '/v1/transactions', bodyOf(id, 'last'), index % 7);
        const first = await tryOne(id, 'last');
        const second = await tryOne(id, 'last');
        expect(second.status).to.equal(first.status < 300 ? 200 : 409);
        expect(second.headers.get('idempotent-replayed')).to.equal('true');
        if (first.status < 300)
          expect(brief(await call(anyUrl(), 'POST', `/v1/transactions/${id}/confirm`))).to.equal('200 CONFIRMED');
        return first.status < 300 ? 'sold' : brief(first);
      }),
    );
    expect(answers.filter((answer) => answer === 'sold')).to.have.length(1);
    expect(answers.filter((answer) => answer === '409 insufficient-stock')).to.have.length(199);
    expect(await stockOf('last')).to.equal('0/0/1');
  });

  it('a cancel that races its own Try always wins', async () => {
    await receive(anyUrl(), 'own', 200);
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const id = randomUUID();
        const cancel = (): Promise<CallAnswer> => answered(anyUrl(), 'POST', `/v1/transactions/${id}/cancel`);
        const calls = index % 2 === 0 ? [tryOne(id, 'own'), cancel()] : [cancel(), tryOne(id, 'own')].reverse();
        const [tried, cancelled] = await Promise.all(calls);
        expect(brief(cancelled ?? null)).to.equal('200 CANCELLED');
        const tryCameFirst = tried?.status === 201;
        if (!tryCameFirst) expect(brief(tried ?? null)).to.equal('409 transaction-cancelled');
        expect(await stateOf(id)).to.equal(`CANCELLED ${tryCameFirst ? 'requested' : 'cancelled-before-try'}`);
        expect(brief(await tryOne(id, 'own'))).to.equal('409 transaction-cancelled');
      }),
    );
    expect(await stockOf('own')).to.equal('200/0/0');
  });

  it('an extend that races the deadline either holds or finds it expired', async () => {
    await receive(anyUrl(), 'extended', 200);
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const id = randomUUID();
        const timeoutMs = 150 + (index % 100);
        const sentAt = performance.now();
        await delay(index);
        expect(brief(await tryOne(id, 'extended', timeoutMs))).to.equal('201 TRIED');
        await delay(Math.max(0, timeoutMs - 40 + (index % 60) - (performance.now() - sentAt - index)));
        const answer = await answered(anyUrl(), 'POST', `/v1/transactions/${id}/extend`, { timeoutMs: 300_000 });
        return { id, told: brief(answer) };
      }),
    );
    let held = 0;
    for (const { id, told } of outcomes) {
      expect(told).to.be.oneOf(['200 TRIED', '410 reservation-expired']);
      if (told === '200 TRIED') held += 1;
      else await until('it is released', async () => (await stateOf(id)) === 'CANCELLED expired');
      if (told === '200 TRIED') expect(await stateOf(id)).to.equal('TRIED');
    }
    expect(await stockOf('extended')).to.equal(`${200 - held}/${held}/0`);
  });

  it('the same Try sent 20 times at once is one', async () => {
    await receive(anyUrl(), 'same', 100);
    for (let round = 0; round < 10; round += 1) {
      const id = randomUUID();
      const answers = await Promise.all(Array.from({ length: 20 }, () => tryOne(id, 'same')));
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([...Array(19).fill(200), 201]);
      const replayed = answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true');
      expect(replayed.every(({ status }) => status === 200) && replayed.length === 19).to.equal(true);
    }
    expect(await stockOf('same')).to.equal('90/10/0');
  });

  it('of 20 Tries with one id and other contents, one content is held and the others refused', async () => {
    await receive(anyUrl(), 'mixed', 1_000);
    let held = 0;
    for (let round = 0; round < 10; round += 1) {
      const id = randomUUID();
      const ask = (quantity: number): Promise<CallAnswer> =>
        answered(anyUrl(), 'POST', '/v1/transactions', { id, items: [{ sku: 'mixed', quantity }] });
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(1 + (index % 4))));
      const winner = (await answered(anyUrl(), 'GET', `/v1/transactions/${id}`)).body.items?.[0]?.quantity ?? 0;
      held += winner;
      answers.forEach((answer, index) => {
        if (1 + (index % 4) === winner) expect(answer.status).to.be.oneOf([200, 201]);
        else expect(brief(answer)).to.equal('422 idempotency-mismatch');
      });
      expect(answers.filter(({ status }) => status === 201)).to.have.length(1);
    }
    expect(await stockOf('mixed')).to.equal(`${1_000 - held}/${held}/0`);
  });

  it('a caller that hangs up leaves its transaction whole or not at all', async () => {
    await receive(anyUrl(), 'left', 1_000);
    await receive(anyUrl(), 'right', 1_000);
    const items = ['left', 'right'].map((sku) => ({ sku, quantity: 2 }));
    await Promise.all(
      Array.from({ length: 150 }, async (_, index) => {
        const id = randomUUID();
        await delay(index);
        await hangUp(anyUrl(), '/v1/transactions', { id, items }, index % 10);
        const found = await answered(anyUrl(), 'GET', `/v1/transactions/${id}`);
        if (found.status !== 404)
          expect(found.body.items?.map(({ quantity, state }) => `${quantity} ${state}`)).to.deep.equal(
            Array(2).fill('2 RESERVED'),
          );
        const again = await answered(anyUrl(), 'POST', '/v1/transactions', { id, items });
        expect(brief(again)).to.be.oneOf(['200 TRIED', '201 TRIED']);
        await hangUp(anyUrl(), `/v1/transactions/${id}/confirm`, undefined, index % 10);
        expect(brief(await call(anyUrl(), 'POST', `/v1/transactions/${id}/confirm`))).to.equal('200 CONFIRMED');
      }),
    );
    expect(await stockOf('left')).to.equal('700/0/300');
    expect(await stockOf('right')).to.equal('700/0/300');
  });
});
