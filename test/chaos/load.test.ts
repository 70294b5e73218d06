// Owns the proof of the load: what it asks of real coordinators, that its seed says what is asked, and how it rests, floods and ends.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { createLoad } from '../../chaos/load/load.ts';
import type { Load, LoadOptions } from '../../chaos/load/ports.ts';
import { STOCKED } from '../../chaos/load/shelves.ts';
import type { OperationRecord } from '../../chaos/record.ts';
import { answered, until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { startParticipant } from '../support/participant-server.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

const PARTICIPANTS = ['payment', 'coupon', 'points'];
const STOP_BOUND_MS = 7_000;
/** Far more than it takes, on a machine that has other things to do. */
const PATIENCE_MS = 45_000;
/** The longest deadline that a story may set. */
const DEADLINE_BOUND_MS = 10_000;

const WANTED = [
  ...['try 201', 'try 202', 'try 200 replayed', 'try unknown', 'try 409 insufficient-stock', 'try 409 transaction-cancelled'],
  ...['try 409 transaction-cancelled replayed', 'try 410 reservation-expired replayed', 'try 422 idempotency-mismatch'],
  ...['try 422 unknown-sku', 'confirm 200', 'confirm 200 replayed', 'confirm 404 unknown-transaction'],
  ...['confirm 409 invalid-transition', 'confirm 410 reservation-expired', 'confirm-part 200', 'confirm-part 200 replayed'],
  ...['confirm-part 409 quantity-exceeded', 'confirm-part 422 idempotency-mismatch', 'cancel 200', 'cancel 200 replayed'],
  ...['cancel 409 invalid-transition', 'extend 200', 'refund 200', 'refund 200 replayed', 'refund 409 quantity-exceeded'],
  ...['get 200', 'get 404 unknown-transaction', 'movement 201', 'movement 200 replayed', 'movement 409 insufficient-stock'],
  ...['set-stock 200', 'set-stock 412 version-mismatch', 'get-stock 200'],
];

const MADE_BY_THE_SERVER = 'made-by-the-server';

interface Heard {
  readonly load: Load;
  /** In the order of their ends. */
  readonly operations: OperationRecord[];
}

function makeLoad(urls: readonly string[], options: Partial<LoadOptions> = {}): Heard {
  const operations: OperationRecord[] = [];
  const record = (operation: OperationRecord): void => void operations.push(operation);
  return { load: createLoad({ seed: 1, urls, participants: PARTICIPANTS, actors: 24, record, ...options }), operations };
}

/** 'confirm 409 invalid-transition', 'try 200 replayed', 'get unknown': reads well when an expectation fails. */
function brief({ kind, outcome }: OperationRecord): string {
  if (outcome.kind === 'unknown') return `${kind} unknown`;
  return [kind, outcome.status, outcome.code, outcome.replayed && 'replayed'].filter(Boolean).join(' ');
}

/** What a coordinator must never say to those who ask as the contract says. */
function isWrong({ outcome }: OperationRecord): boolean {
  if (outcome.kind === 'unknown') return false;
  if (outcome.status === 404) return outcome.code !== 'unknown-transaction' && outcome.code !== 'unknown-sku';
  return outcome.status >= 500 || [400, 405, 406, 413, 415].includes(outcome.status);
}

function share(of: readonly OperationRecord[], isCounted: (operation: OperationRecord) => boolean): number {
  return of.filter(isCounted).length / of.length;
}

describe('the load of a run of chaos, on two coordinators', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let redis: TestServer;
  let coordinators: readonly [CoordinatorProcess, CoordinatorProcess];
  let load: Load;
  let operations: OperationRecord[];

  before(async () => {
    const [database, cache, participant] = await Promise.all([startPostgres(), startRedis(), startParticipant()]);
    [postgres, redis] = [database, cache];
    const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url };
    const first = await startCoordinator({ env });
    coordinators = [first, await startCoordinator({ env })];
    for (const name of PARTICIPANTS) await answered(first.url, 'PUT', `/v1/participants/${name}`, { url: participant.url });
    ({ load, operations } = makeLoad(coordinators.map(({ url }) => url)));
  });
  after(async () => {
    await load.stop();
    await Promise.all(coordinators.map((each) => each.stop()));
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  it('receives what the stories will ask for, each under an id, and tells of it', async () => {
    await load.stock();
    expect(operations.map(brief)).to.deep.equal(STOCKED.map(() => 'movement 201'));
    expect(new Set(operations.map(({ instance }) => instance))).to.deep.equal(new Set([0]));
    expect(new Set(operations.map(({ asked }) => asked.id)).size).to.equal(STOCKED.length);
  });

  it('comes upon every answer that its stories are there for', async () => {
    load.start();
    const missing = (): readonly string[] => {
      const told = new Set(operations.map(brief));
      return WANTED.filter((each) => !told.has(each));
    };
    await until('all were told', async () => missing().length === 0, PATIENCE_MS).catch(() => undefined);
    expect(missing()).to.deep.equal([]);
    expect(new Set(operations.map(({ instance }) => instance))).to.deep.equal(new Set([0, 1]));
  });

  it('asks nothing that is malformed, and is refused only by the rules', () => {
    const wrong = operations.filter(isWrong).map((each) => `${brief(each)}: ${JSON.stringify(each)}`);
    expect(wrong).to.deep.equal([]);
  });

  it('sells mostly what everybody wants, some of it with branches, and nothing is held for long', () => {
    const tries = operations.filter(({ kind }) => kind === 'try');
    const skus = tries.flatMap(({ asked }) => asked.items ?? []).map(({ sku }) => sku);
    expect(skus.filter((sku) => sku.startsWith('HOT-')).length / skus.length).to.be.within(0.3, 0.6);
    expect(share(tries, ({ asked }) => (asked.branches ?? []).length > 0)).to.be.within(0.1, 0.5);
    expect(new Set(tries.map(({ asked }) => asked.items?.length))).to.deep.equal(new Set([1, 2, 3, 4, 5]));
    const timeouts = operations.flatMap(({ asked }) => asked.timeoutMs ?? []);
    expect(timeouts.length).to.be.at.least(tries.length);
    expect(Math.max(...timeouts)).to.be.at.most(DEADLINE_BOUND_MS);
  });

  it('rests when it is told to, and goes on where it was', async () => {
    await load.pause();
    const [told, heard] = [operations.length, load.answered()];
    // Every request has ended and is told of: none is missing between the first and the last that was sent.
    expect(operations.map(({ number }) => number).toSorted((a, b) => a - b)).to.deep.equal(operations.map((_, at) => at + 1));
    await delay(400);
    expect(operations.length).to.equal(told);
    expect(load.answered())
      .to.equal(heard)
      .and.equal(operations.filter(({ outcome }) => outcome.kind === 'answer').length);
    load.start();
    await until('it goes on', async () => load.answered() > heard);
  });

  it('floods beside the stories with many times as much, and ends the flood alone', async () => {
    const [told, heard] = [operations.length, load.answered()];
    load.startFlood();
    await delay(1_500);
    await load.stopFlood();
    const during = operations.slice(told);
    const answersOfStories = load.answered() - heard;
    const flood = during.filter(({ isFlood }) => isFlood);
    expect(flood.length).to.be.above(3 * (during.length - flood.length));
    expect(answersOfStories).to.be.at.most(during.length - flood.length);
    const held = flood.filter((each) => brief(each) === 'try 201');
    expect(held.length).to.be.above(0);
    for (const { outcome } of held) expect(outcome).to.have.property('body').that.has.all.keys('id', 'state');
    const ended = operations.length;
    await until('the stories go on', async () => load.answered() > heard + answersOfStories);
    expect(operations.slice(ended).filter(({ isFlood }) => isFlood)).to.deep.equal([]);
  });

  it('knows nothing of what a killed coordinator was asked, goes to the other, and ends in time', async () => {
    const told = operations.length;
    await coordinators[0].kill('SIGKILL');
    const isLost = ({ instance, transactionId, outcome }: OperationRecord): boolean =>
      instance === 0 && transactionId !== null && outcome.kind === 'unknown' && !outcome.why.startsWith('gave up');
    const isToldByTheOther = ({ instance, outcome }: OperationRecord): boolean => instance === 1 && outcome.kind === 'answer';
    await until('what one lost is asked of the other', async () => {
      const since = operations.slice(told);
      const lost = new Set(since.filter(isLost).map((each) => `${each.kind} ${each.transactionId}`));
      return since.some((each) => isToldByTheOther(each) && lost.has(`${each.kind} ${each.transactionId}`));
    });
    const beganMs = performance.now();
    await load.stop();
    expect(performance.now() - beganMs).to.be.below(STOP_BOUND_MS);
    const ended = operations.length;
    await delay(200);
    expect(operations.length).to.equal(ended);
  });
});

describe('the load of a run of chaos, by its seed', function () {
  this.timeout(30_000);
  let server: Server;
  let url: string;
  let isSilent = false;
  /** One request in so many is refused; 0 for none. */
  let refuseEvery = 0;
  let requests = 0;

  before(async () => {
    // Everything succeeds, whatever it is.
    server = createServer(async (request, response) => {
      const body = await text(request).catch(() => '');
      if (isSilent) return;
      requests += 1;
      if (refuseEvery > 0 && requests % refuseEvery === 0) response.statusCode = 409;
      const { id } = body === '' ? { id: undefined } : (JSON.parse(body) as { readonly id?: string });
      response.setHeader('etag', '"1"');
      response.end(JSON.stringify({ id: id ?? MADE_BY_THE_SERVER, state: 'CONFIRMED' }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  async function askedBy(seed: number, actors: number): Promise<readonly OperationRecord[]> {
    const { load, operations } = makeLoad([url, url], { seed, actors });
    load.start();
    await delay(2_000);
    await load.pause();
    await load.stop();
    return operations.toSorted((a, b) => a.number - b.number);
  }

  const contentOf = ({ kind, instance, transactionId, asked }: OperationRecord) => ({ kind, instance, transactionId, asked });

  /** As far as both got. */
  function expectSame(left: readonly OperationRecord[], right: readonly OperationRecord[]): number {
    const length = Math.min(left.length, right.length);
    expect(left.slice(0, length).map(contentOf)).to.deep.equal(right.slice(0, length).map(contentOf));
    return length;
  }

  /** Of the transactions, in the order in which they were begun. */
  const firstIds = (operations: readonly OperationRecord[]): readonly string[] => [
    ...new Set(operations.flatMap(({ transactionId }) => (isOfTheStory(transactionId) ? [transactionId] : []))),
  ];
  const isOfTheStory = (id: string | null): id is string => id !== null && id !== MADE_BY_THE_SERVER;

  it('asks the same things in the same order, actor by actor', async () => {
    const [once_, again, other] = await Promise.all([askedBy(7, 1), askedBy(7, 1), askedBy(8, 1)]);
    expect(expectSame(once_, again)).to.be.at.least(8);
    expect(other.map(contentOf).slice(0, 3)).not.to.deep.equal(once_.map(contentOf).slice(0, 3));
  });

  it('asks the same about each transaction, however many act beside one another', async () => {
    const [left, right] = await Promise.all([askedBy(9, 12), askedBy(9, 12)]);
    const byId = (operations: readonly OperationRecord[]) => Map.groupBy(operations, (each) => each.transactionId);
    const others = byId(right);
    let compared = 0;
    for (const [id, operations] of byId(left)) {
      if (isOfTheStory(id)) compared += expectSame(operations, others.get(id) ?? []);
    }
    expect(compared).to.be.at.least(100);
  });

  it('tells the next story the same, whatever the one before it met with', async () => {
    const calm = firstIds(await askedBy(7, 1));
    refuseEvery = 2;
    const troubled = await askedBy(7, 1);
    refuseEvery = 0;
    expect(troubled.filter(({ outcome }) => outcome.kind === 'answer' && outcome.status === 409)).not.to.deep.equal([]);
    const length = Math.min(calm.length, firstIds(troubled).length);
    expect(length).to.be.at.least(3);
    expect(firstIds(troubled).slice(0, length)).to.deep.equal(calm.slice(0, length));
  });

  it('ends in time where nobody answers, and what was asked is unknown', async () => {
    isSilent = true;
    const { load, operations } = makeLoad([url], { actors: 5 });
    load.start();
    load.startFlood();
    await delay(300);
    const beganMs = performance.now();
    await load.stop();
    expect(performance.now() - beganMs).to.be.below(STOP_BOUND_MS);
    expect(operations.length).to.be.above(300);
    expect(new Set(operations.map(({ outcome }) => outcome.kind))).to.deep.equal(new Set(['unknown']));
  });
});
