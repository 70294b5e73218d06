// Owns the tests of the participant library's barrier: duplicates, empty cancels, late Tries, refusals and failures, over
// HTTP against a real PostgreSQL.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { ensureBarrier, NotYet, notYet, Refusal, refuse } from '../../src/participant/index.ts';
import {
  brief,
  makeDatabase,
  type PaymentService,
  type PhaseReply,
  startPaymentService,
} from '../support/participant-service.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

describe('the participant library', () => {
  let server: TestServer;
  let service: PaymentService;
  let branch: string;

  before(async () => {
    server = await startPostgres();
    service = await startPaymentService(await makeDatabase(server.url, 'payments'));
  });

  after(async () => {
    await service.stop();
    await server.stop();
  });

  beforeEach(() => {
    branch = randomUUID();
    service.faults.length = 0;
    for (const phase of ['try', 'confirm', 'cancel'] as const) {
      service.instead(phase, null);
      service.runs[phase] = 0;
    }
  });

  async function marks(): Promise<readonly string[]> {
    const rows = await service.query('SELECT phase, made_by FROM holdfast_barrier WHERE branch_id = $1 ORDER BY phase', [branch]);
    return rows.map((row) => `${row.phase} by ${row.made_by}`);
  }

  async function held(): Promise<unknown> {
    const [row] = await service.query('SELECT state, releases FROM hold WHERE branch_id = $1', [branch]);
    return row === undefined ? 'nothing' : `${row.state} ${row.releases}`;
  }

  const sendAll = async (count: number, phase: 'try' | 'confirm' | 'cancel'): Promise<string[]> =>
    (await Promise.all(times(count, () => service.send(phase, branch)))).map(brief);

  it('tries and confirms, tries and cancels', async () => {
    expect(brief(await service.send('try', branch))).to.equal('200 TRIED');
    expect(brief(await service.send('confirm', branch))).to.equal('200 CONFIRMED');
    expect(await held()).to.equal('PAID 0');
    branch = randomUUID();
    await service.send('try', branch);
    expect(brief(await service.send('cancel', branch))).to.equal('200 CANCELLED');
    expect(await held()).to.equal('RELEASED 1');
    expect(await marks()).to.deep.equal(['cancel by cancel', 'try by try']);
  });

  it('hands the handler the call as it came', async () => {
    let seen: unknown;
    service.instead('try', async ({ call }) => {
      seen = call;
    });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const body = {
      transactionId: branch,
      branchId: branch.toUpperCase(),
      participant: 'payment',
      phase: 'try',
      attempt: 3,
      expiresAt: '2026-11-22T08:15:00.000Z',
      payload: { amount: 7 },
      somethingNew: true,
    };
    expect(brief(await service.sendRaw('/try', JSON.stringify(body), { traceparent }))).to.equal('200 TRIED');
    expect(seen).to.deep.equal({
      transactionId: branch,
      branchId: branch,
      participant: 'payment',
      phase: 'try',
      attempt: 3,
      expiresAt: new Date('2026-11-22T08:15:00.000Z'),
      payload: { amount: 7 },
      traceparent,
    });
  });

  for (const [phase, state] of [
    ['try', '200 TRIED'],
    ['confirm', '200 CONFIRMED'],
    ['cancel', '200 CANCELLED'],
  ] as const) {
    it(`runs the handler of ${phase} once, for a repeat and for ten at once`, async () => {
      if (phase !== 'try') await service.send('try', branch);
      expect(await sendAll(10, phase)).to.deep.equal(times(10, () => state));
      expect(brief(await service.send(phase, branch, { attempt: 11 }))).to.equal(state);
      expect(service.runs[phase]).to.equal(1);
      expect(service.faults).to.deep.equal([]);
    });
  }

  it('cancels what was never tried without calling the handler, and refuses the Try that comes late', async () => {
    expect(await sendAll(5, 'cancel')).to.deep.equal(times(5, () => '200 CANCELLED'));
    expect(await marks()).to.deep.equal(['cancel by cancel', 'try by cancel']);
    expect(await sendAll(5, 'try')).to.deep.equal(times(5, () => '409 cancelled'));
    expect([service.runs.try, service.runs.cancel, await held()]).to.deep.equal([0, 0, 'nothing']);
    expect(brief(await service.send('cancel', branch))).to.equal('200 CANCELLED');
  });

  it('refuses the repeat of a Try that was cancelled since', async () => {
    await service.send('try', branch);
    await service.send('cancel', branch);
    expect(brief(await service.send('try', branch))).to.equal('409 cancelled');
    expect(await held()).to.equal('RELEASED 1');
  });

  for (const way of ['thrown', 'returned', 'by refuse()'] as const) {
    it(`remembers a refusal ${way}, and keeps nothing else that the handler wrote`, async () => {
      service.instead('try', async ({ client, call }) => {
        await client.query(`INSERT INTO hold VALUES ($1, 1, 'HELD')`, [call.branchId]);
        if (way === 'returned') return new Refusal('insufficient-funds');
        if (way === 'thrown') throw new Refusal('insufficient-funds');
        return refuse('insufficient-funds');
      });
      expect(brief(await service.send('try', branch))).to.equal('409 insufficient-funds');
      service.instead('try', null);
      expect(brief(await service.send('try', branch))).to.equal('409 insufficient-funds');
      expect([service.runs.try, await held()]).to.deep.equal([1, 'nothing']);
      expect(brief(await service.send('cancel', branch))).to.equal('200 CANCELLED');
      expect(service.runs.cancel).to.equal(0);
      expect(brief(await service.send('try', branch))).to.equal('409 cancelled');
      expect(service.faults).to.deep.equal([]);
    });
  }

  it('remembers a refusal that a failed statement led to', async () => {
    service.instead('try', async ({ client }) => {
      await client.query('SELECT 1 / 0').catch(() => refuse('x'.repeat(500)));
    });
    const first = await service.send('try', branch);
    expect([first.status, first.body.reason?.length]).to.deep.equal([409, 200]);
    expect(await service.send('try', branch)).to.deep.equal(first);
    expect(service.runs.try).to.equal(1);
  });

  for (const phase of ['try', 'confirm', 'cancel'] as const) {
    it(`keeps nothing of a ${phase} that is not yet`, async () => {
      if (phase !== 'try') await service.send('try', branch);
      const before = [await marks(), await held()];
      service.instead(phase, async ({ client }) => {
        await client.query(`INSERT INTO hold VALUES ($1, 1, 'HELD')`, [randomUUID()]);
        return service.runs[phase] === 1 ? notYet() : new NotYet();
      });
      const count = await service.query('SELECT count(*) FROM hold');
      for (const _ of times(2, () => null)) {
        const reply = await service.send(phase, branch);
        expect([brief(reply), reply.retryAfter]).to.deep.equal(['425 not-yet', '1']);
      }
      expect([await marks(), await held()]).to.deep.equal(before);
      expect(await service.query('SELECT count(*) FROM hold')).to.deep.equal(count);
      service.instead(phase, null);
      expect((await service.send(phase, branch)).status).to.equal(200);
    });

    it(`rolls back a ${phase} whose handler fails, the barrier's row too, and says nothing of why`, async () => {
      if (phase !== 'try') await service.send('try', branch);
      const before = [await marks(), await held()];
      service.instead(phase, async ({ client, call }) => {
        await client.query(`INSERT INTO hold VALUES ($1, 1, 'BROKEN') ON CONFLICT (branch_id) DO UPDATE SET state = 'BROKEN'`, [
          call.branchId,
        ]);
        throw new Error('the secret inside');
      });
      const reply = await service.send(phase, branch);
      expect([reply.status, reply.body]).to.deep.equal([500, { reason: 'failed' }]);
      expect([await marks(), await held()]).to.deep.equal(before);
      expect(service.faults.map((fault) => [fault.kind, fault.message, fault.call?.phase])).to.deep.equal([
        ['handler', 'the secret inside', phase],
      ]);
      service.instead(phase, null);
      expect((await service.send(phase, branch)).status).to.equal(200);
    });
  }

  for (const phase of ['confirm', 'cancel'] as const) {
    it(`answers a refused ${phase} as not done, and does it when it is asked again`, async () => {
      await service.send('try', branch);
      service.instead(phase, async () => refuse('bank-closed'));
      expect(brief(await service.send(phase, branch))).to.equal('409 bank-closed');
      service.instead(phase, null);
      expect((await service.send(phase, branch)).status).to.equal(200);
    });
  }

  it('answers what contradicts itself 409, leaves no mark of it, and is loud', async () => {
    expect(brief(await service.send('confirm', branch))).to.equal('409 never-tried');
    expect(await marks()).to.deep.equal([]);
    await service.send('try', branch);
    await service.send('confirm', branch);
    expect(brief(await service.send('cancel', branch))).to.equal('409 confirmed');
    expect(await held()).to.equal('PAID 0');
    branch = randomUUID();
    await service.send('cancel', branch);
    expect(brief(await service.send('confirm', branch))).to.equal('409 cancelled');
    branch = randomUUID();
    service.instead('try', async () => refuse('no'));
    await service.send('try', branch);
    expect(brief(await service.send('confirm', branch))).to.equal('409 try-refused');
    expect(service.faults.map((fault) => fault.kind)).to.deep.equal(times(4, () => 'contradiction'));
  });

  it('decides once where Confirm and Cancel come at once', async () => {
    for (const _ of times(20, () => null)) {
      branch = randomUUID();
      await service.send('try', branch);
      const replies = await Promise.all([service.send('confirm', branch), service.send('cancel', branch)]);
      expect(replies.map((reply) => reply.status).sort()).to.deep.equal([200, 409]);
      expect(await held()).to.equal(replies[0]?.status === 200 ? 'PAID 0' : 'RELEASED 1');
    }
  });

  it('fails where the handler passes over a failed statement', async () => {
    service.instead('try', async ({ client }) => {
      await client.query('SELECT 1 / 0').catch(() => {});
    });
    expect((await service.send('try', branch)).status).to.equal(500);
    expect(await marks()).to.deep.equal([]);
  });

  it('lets nothing come after the handler, and the connection be given back by nobody else', async () => {
    let late: () => Promise<unknown> = async () => {};
    service.instead('try', async ({ client }) => {
      late = async () => client.query(`INSERT INTO hold VALUES ($1, 1, 'LATE')`, [randomUUID()]);
      expect(() => (client as unknown as { release(): void }).release()).to.throw(/not for handlers/);
    });
    expect(brief(await service.send('try', branch))).to.equal('200 TRIED');
    const failure = await late().catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(TypeError);
  });

  for (const [what, code] of [
    ['a bug of its own', 'ERR_INVALID_ARG_TYPE'],
    ['a service behind it that is away', 'ECONNREFUSED'],
    ['a database behind it that is shut down', '57P01'],
    ['a lock that it waited for in vain', '55P03'],
    ['a deadlock, again and again', '40P01'],
  ] as const) {
    it(`says that it has failed, and not that nobody is there, where a handler met ${what}`, async () => {
      service.instead('try', async () => {
        throw Object.assign(new Error(what), { code });
      });
      expect(brief(await service.send('try', branch))).to.equal('500 failed');
      expect(service.faults.map(({ kind, message }) => [kind, message])).to.deep.equal([['handler', what]]);
    });
  }

  it("runs a deadlock's loser again", async () => {
    const [left, right] = [randomUUID(), randomUUID()];
    for (const id of [left, right]) await service.query(`INSERT INTO hold VALUES ($1, 1, 'HELD')`, [id]);
    let entered = 0;
    let holding = 0;
    const both = Promise.withResolvers<void>();
    service.instead('try', async ({ client }) => {
      const order = entered % 2 === 0 ? [left, right] : [right, left];
      entered += 1;
      await client.query('UPDATE hold SET amount = amount + 1 WHERE branch_id = $1', [order[0]]);
      holding += 1;
      if (holding === 2) both.resolve();
      await both.promise;
      await client.query('UPDATE hold SET amount = amount + 1 WHERE branch_id = $1', [order[1]]);
    });
    const replies = await Promise.all([service.send('try', randomUUID()), service.send('try', randomUUID())]);
    expect(replies.map(brief)).to.deep.equal(['200 TRIED', '200 TRIED']);
    expect(entered).to.equal(3);
    expect(await service.query('SELECT amount FROM hold WHERE branch_id = $1', [left])).to.deep.equal([{ amount: 3 }]);
  });

  it('survives the end of its connection in the middle of a handler, and of those that idle', async () => {
    service.instead('try', async ({ client }) => {
      const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
      await service.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
      await client.query('SELECT 1');
    });
    expect(brief(await service.send('try', branch))).to.equal('503 unavailable');
    expect(service.faults.map(({ kind, message }) => [kind, message])).to.deep.include(['database', 'the connection was lost']);
    expect(await marks()).to.deep.equal([]);
    service.instead('try', null);
    const replies: PhaseReply[] = [];
    for (const _ of times(3, () => null)) replies.push(await service.send('try', branch));
    expect(replies.map(brief)).to.deep.equal(times(3, () => '200 TRIED'));
  });

  it('creates the barrier once, however many do so at once', async () => {
    // Without taking turns, two of ten collide in the catalogue in most rounds.
    for (const _ of times(10, () => null)) {
      await service.query('DROP TABLE holdfast_barrier');
      await Promise.all(times(10, () => ensureBarrier(service.pool)));
    }
    expect(brief(await service.send('try', branch))).to.equal('200 TRIED');
    await ensureBarrier(service.pool);
    expect(await marks()).to.deep.equal(['try by try']);
  });

  it('says what to do where the barrier is missing', async () => {
    await service.query('DROP TABLE holdfast_barrier');
    expect(brief(await service.send('try', branch))).to.equal('500 failed');
    expect(service.faults[0]?.message).to.match(/ensureBarrier/);
    await ensureBarrier(service.pool);
  });
});
