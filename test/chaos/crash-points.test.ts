// Owns the proof that a coordinator may die between any two of its effects (I6, I9, I11): at every statement, call, reply and answer of
// a transaction with items and two branches, before it and after it, the process is killed with SIGKILL and started again.
// The points are recorded from the code as it is: see crash-points/preload.ts.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { audit } from '../support/audit.ts';
import { type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { startPostgres, startRedis } from '../support/servers.ts';
import { judge, STOCKED } from './crash-points/judge.ts';
import { type Basket, SCENARIOS, type Scenario } from './crash-points/scenarios.ts';
import { startVictim, type Victim } from './crash-points/victim.ts';

/** Victims that die side by side, each with a database of its own: most of the time each waits for a lease to end. */
const VICTIMS = 8;
/** As long as it takes for everything that happens by itself to have happened. */
const IDLE_MS = 4_000;
/** What follows the last answer follows at once. */
const LAST_DEATH_MS = 400;
/** What runs side by side comes now in one batch, now in two: some points are reached in one life and not in another. */
const RECORDINGS = 3;
const TRIES = 3;
const PLACES = { HOLDFAST_PARTICIPANT_ALLOW: '127.0.0.0/8' };
const FAMILIES = ['statement', 'call', 'answer'] as const;
/** Background work comes by too rarely to be seen while nothing else happens. */
const BACKGROUND = /^statement keeping_/;

interface Ward {
  readonly victim: Victim;
  readonly participants: ParticipantServer;
  readonly databaseUrl: string;
  /** Calls that came before what they were about was recorded (I9). */
  readonly early: string[];
}

describe('a coordinator that dies between two effects', function () {
  this.timeout(280_000);
  const wards: Ward[] = [];
  let byItself: ReadonlySet<string> = new Set();

  before(async () => {
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    const names = Array.from({ length: VICTIMS }, (_, index) => `victim_${index}`);
    for (const name of names) await createDatabase(postgres.url, name);
    wards.push(...(await Promise.all(names.map((name, index) => startWard(postgres.url, name, `${redis.url}/${index}`)))));
    byItself = await whatHappensByItself(wardOf(wards, 0));
  });

  after(async () => {
    await Promise.all(wards.map(({ victim }) => victim.stop()));
  });

  for (const scenario of SCENARIOS) {
    it(`finishes ${scenario.name}, wherever it died`, async () => {
      const recordings = await Promise.all(wards.slice(0, RECORDINGS).map((ward) => record(ward, scenario, byItself)));
      const points = [...new Set(recordings.flat())];
      for (const family of FAMILIES) {
        const isExpected = family !== 'call' || scenario.settled !== null;
        expect(
          points.some((point) => point.startsWith(family)),
          `${family} among ${points.join('; ')}`,
        ).to.equal(isExpected);
      }
      const left = [...points];
      const faults: string[] = [];
      const missed: string[] = [];
      await Promise.all(
        wards.map(async (ward) => {
          for (let point = left.shift(); point !== undefined; point = left.shift()) {
            const died = await dieAt(ward, scenario, point, faults);
            if (!died) missed.push(point);
          }
        }),
      );
      expect(faults, faults.join('\n')).to.deep.equal([]);
      const usual = points.filter((point) => recordings.every((recording) => recording.includes(point)));
      const missedUsual = missed.filter((point) => usual.includes(point));
      expect(missedUsual.length, `never reached: ${missedUsual.join('; ')}`).to.be.at.most(usual.length / 10);
    });
  }

  it('leaves ledgers in which every invariant holds, and called nobody too early', async () => {
    for (const { databaseUrl, early } of wards) {
      expect(early).to.deep.equal([]);
      expect(await audit(databaseUrl)).to.deep.equal([]);
    }
  });
});

function wardOf(wards: readonly Ward[], index: number): Ward {
  const ward = wards[index];
  if (ward === undefined) throw new RangeError(`there is no victim ${index}`);
  return ward;
}

async function createDatabase(url: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
}

async function startWard(postgresUrl: string, name: string, redisUrl: string): Promise<Ward> {
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  const database = new pg.Pool({ connectionString: url.href, max: 2 });
  database.on('error', () => {});
  const early: string[] = [];
  const participants = await startParticipant(async ({ phase, participant, transactionId, branchId, payload }) => {
    const { rows } = await database.query<{ state: string }>(
      'SELECT t.state FROM holdfast.transaction t JOIN holdfast.branch b ON b.transaction_id = t.id WHERE t.id = $1 AND b.id = $2',
      [transactionId, branchId],
    );
    const state = rows[0]?.state ?? 'absent';
    const isRecorded = phase === 'try' ? state !== 'absent' : state.startsWith(phase === 'confirm' ? 'CONFIRM' : 'CANCEL');
    if (!isRecorded) early.push(`I9: ${participant} was asked to ${phase} what was ${state}`);
    const { refuses } = payload as { readonly refuses?: string };
    return phase === 'try' && refuses === participant ? 409 : 200;
  });
  const victim = await startVictim({ ...PLACES, DATABASE_URL: url.href, REDIS_URL: redisUrl });
  for (const participant of ['first', 'second']) {
    const { status } = await victim.ask('PUT', `/v1/participants/${participant}`, { url: `${participants.url}/${participant}` });
    if (status !== 200) throw new Error(`${participant} was not registered: ${status}`);
  }
  return { victim, participants, databaseUrl: url.href, early };
}

const nameOf = (point: string): string => point.replace(/ #\d+$/, '');

/** What goes on without any transaction, and what the caller's own looks make happen: no effects of a transaction. */
async function whatHappensByItself({ victim }: Ward): Promise<ReadonlySet<string>> {
  await victim.arm(null);
  await victim.ask('GET', `/v1/transactions/${randomUUID()}`);
  await delay(IDLE_MS);
  return new Set((await victim.reached()).map(nameOf));
}

async function prepare({ victim }: Ward): Promise<Basket> {
  const id = randomUUID();
  const skus = [`${id}-a`, `${id}-b`] as const;
  for (const sku of skus)
    await victim.ask('POST', '/v1/stock/movements', { id: randomUUID(), sku, kind: 'RECEIVE', quantity: STOCKED });
  return { id, skus, participants: ['first', 'second'] };
}

/** What a scenario reaches that does not happen by itself. */
async function record(ward: Ward, scenario: Scenario, byItself: ReadonlySet<string>): Promise<readonly string[]> {
  const basket = await prepare(ward);
  await ward.victim.arm(null);
  await scenario.live(ward.victim, basket);
  await delay(LAST_DEATH_MS);
  const points = (await ward.victim.reached()).filter(
    (point) => !byItself.has(nameOf(point)) && !point.startsWith('answer to GET') && !BACKGROUND.test(point),
  );
  expect(await judge(scenario, basket, [], ward.victim, ward.participants)).to.deep.equal([]);
  return points;
}

/** @returns whether it died there */
async function dieAt(ward: Ward, scenario: Scenario, point: string, faults: string[]): Promise<boolean> {
  const { victim, participants } = ward;
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const basket = await prepare(ward);
    const before = victim.deaths();
    await victim.arm(point);
    try {
      const told = await scenario.live(victim, basket);
      if (victim.deaths() === before) await delay(LAST_DEATH_MS);
      const found = await judge(scenario, basket, told, victim, participants);
      faults.push(...found.map((fault) => `${point}: ${fault}`));
    } catch (error) {
      faults.push(`${point}: ${String(error)}`);
    }
    if (victim.deaths() > before) return true;
  }
  return false;
}
