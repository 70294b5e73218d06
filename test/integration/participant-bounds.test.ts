// Owns the tests of the participant library's bounds: bodies, waits, the time a call may take, and how long rows are kept.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { cleanBarrier, type ParticipantOptions, participant } from '../../src/participant/index.ts';
import { brief, callBody, makeDatabase, type PaymentService, startPaymentService } from '../support/participant-service.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const WAIT_MS = 150;
const DAY_MS = 86_400_000;

describe('the bounds of the participant library', () => {
  let server: TestServer;
  let url: string;
  let service: PaymentService;
  let branch: string;

  before(async () => {
    server = await startPostgres();
    url = await makeDatabase(server.url, 'bounds');
    service = await startPaymentService(url, { waitMs: WAIT_MS, poolSize: 4 });
  });

  after(async () => {
    await service.stop();
    await server.stop();
  });

  beforeEach(() => {
    branch = randomUUID();
    service.faults.length = 0;
    service.instead('try', null);
    service.runs.try = 0;
  });

  for (const parsesJson of [false, true]) {
    describe(`in an application ${parsesJson ? 'with' : 'without'} express.json()`, () => {
      let other: PaymentService;

      before(async () => {
        other = await startPaymentService(url, { parsesJson, poolSize: 2 });
      });

      after(() => other.stop());

      it('takes a call', async () => {
        expect(brief(await other.send('try', branch))).to.equal('200 TRIED');
        expect(await other.query('SELECT amount FROM hold WHERE branch_id = $1', [branch])).to.deep.equal([{ amount: 5 }]);
      });

      for (const [what, members, message] of [
        ['a branch that is no UUID', { branchId: 'one' }, /branchId must be a UUID/],
        ['a transaction that is none', { transactionId: 7 }, /transactionId must be a UUID/],
        ['another phase', { phase: 'cancel' }, /phase must be "try"/],
        ['no participant', { participant: undefined }, /participant must be a name/],
        ['an attempt 0', { attempt: 0 }, /attempt must be an integer from 1/],
        ['a moment that is none', { expiresAt: 'soon' }, /expiresAt must be a moment/],
      ] as const) {
        it(`refuses ${what}`, async () => {
          const reply = await other.sendRaw('/try', JSON.stringify({ ...callBody('try', branch), ...members }));
          expect(reply.status).to.equal(400);
          expect(reply.body.reason).to.match(message);
        });
      }

      it('refuses what is no object, and what is no JSON for it', async () => {
        for (const [body, type] of [
          ['[]', 'application/json'],
          ['', 'application/json'],
          [JSON.stringify(callBody('try', branch)), 'text/plain'],
        ] as const) {
          expect((await other.sendRaw('/try', body, { 'content-type': type })).status, body).to.equal(400);
        }
      });

      it('refuses a key that belongs to another call', async () => {
        const body = JSON.stringify(callBody('try', branch));
        const reply = await other.sendRaw('/try', body, { 'idempotency-key': `${branch}:cancel` });
        expect([reply.status, other.runs.try]).to.deep.equal([400, 1]);
      });
    });
  }

  it('refuses broken JSON, and a body that is too large', async () => {
    expect((await service.sendRaw('/try', '{"a":')).status).to.equal(400);
    const large = JSON.stringify(callBody('try', branch, { payload: 'x'.repeat(70_000) }));
    expect((await service.sendRaw('/try', large)).status).to.equal(413);
    expect(service.runs.try).to.equal(0);
  });

  it('refuses a Try whose payload does not fit, and remembers that', async () => {
    const other = await startPaymentService(url, {
      poolSize: 2,
      parsePayload: (payload) => {
        if (JSON.stringify(payload) !== '{"amount":5}') throw new Error('amount must be 5');
        return { amount: 5 };
      },
    });
    try {
      const wrong = { payload: { amount: 6 } };
      expect(brief(await other.send('try', branch, wrong))).to.equal('409 invalid-payload: amount must be 5');
      expect(brief(await other.send('try', branch))).to.equal('409 invalid-payload: amount must be 5');
      expect(brief(await other.send('try', randomUUID()))).to.equal('200 TRIED');
    } finally {
      await other.stop();
    }
  });

  it('waits so long for another call on the branch, and then is not yet', async () => {
    const entered = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    service.instead('try', async () => {
      entered.resolve();
      await left.promise;
    });
    const first = service.send('try', branch);
    await entered.promise;
    for (const phase of ['try', 'cancel'] as const) {
      const reply = await service.send(phase, branch);
      expect([brief(reply), reply.retryAfter]).to.deep.equal(['425 busy', '1']);
    }
    left.resolve();
    expect(brief(await first)).to.equal('200 TRIED');
    expect(brief(await service.send('cancel', branch))).to.equal('200 CANCELLED');
    expect(service.faults).to.deep.equal([]);
  });

  it("waits so long for a lock of the handler's, and then has failed, though it is there", async () => {
    const rival = await service.pool.connect();
    try {
      await rival.query('BEGIN');
      await rival.query('LOCK TABLE hold');
      expect(brief(await service.send('try', branch))).to.equal('500 failed');
    } finally {
      await rival.query('ROLLBACK');
      rival.release();
    }
    expect(brief(await service.send('try', branch))).to.equal('200 TRIED');
  });

  it('waits so long for a connection, and loses none of those that come late', async () => {
    const taken = await Promise.all(Array.from({ length: 4 }, () => service.pool.connect()));
    expect(brief(await service.send('try', branch))).to.equal('503 unavailable');
    for (const client of taken) client.release();
    const replies = await Promise.all(Array.from({ length: 8 }, () => service.send('try', randomUUID())));
    expect(replies.map((reply) => reply.status)).to.deep.equal(Array.from({ length: 8 }, () => 200));
  });

  it('ends a call that takes too long, and stores nothing of it', async () => {
    const other = await startPaymentService(url, { poolSize: 1, timeoutMs: 300 });
    try {
      const aborted = Promise.withResolvers<void>();
      other.instead('try', async ({ signal }) => {
        signal.addEventListener('abort', () => aborted.resolve());
        await new Promise(() => {});
      });
      expect(brief(await other.send('try', branch))).to.equal('500 failed');
      await aborted.promise;
      other.instead('try', null);
      expect(brief(await other.send('try', branch))).to.equal('200 TRIED');
    } finally {
      await other.stop();
    }
  });

  it('cleans away what was settled long ago, in chunks, and nothing that is undecided', async () => {
    await service.query('TRUNCATE holdfast_barrier');
    const undecided = randomUUID();
    await service.send('try', undecided);
    for (let settled = 0; settled < 5; settled += 1) {
      const id = randomUUID();
      await service.send('try', id);
      await service.send(settled % 2 === 0 ? 'confirm' : 'cancel', id);
    }
    await service.query(`UPDATE holdfast_barrier SET at = at - interval '31 days'`);
    await service.send('cancel', branch);
    const stop = new AbortController();
    stop.abort();
    expect(await cleanBarrier(service.pool, { signal: stop.signal })).to.equal(0);
    expect(await cleanBarrier(service.pool, { keepMs: 32 * DAY_MS })).to.equal(0);
    expect(await cleanBarrier(service.pool, { chunkBranches: 2 })).to.equal(10);
    const left = await service.query('SELECT DISTINCT branch_id FROM holdfast_barrier');
    expect(left.map((row) => row.branch_id)).to.have.members([undecided, branch]);
    expect(brief(await service.send('confirm', undecided))).to.equal('200 CONFIRMED');
  });

  it('cleans by itself until it is closed', async () => {
    const old = randomUUID();
    await service.send('cancel', old);
    await service.query(`UPDATE holdfast_barrier SET at = at - interval '31 days' WHERE branch_id = $1`, [old]);
    const other = await startPaymentService(url, { poolSize: 2, cleanEveryMs: 5 });
    const deadline = performance.now() + 10_000;
    for (;;) {
      const rows = await service.query('SELECT 1 FROM holdfast_barrier WHERE branch_id = $1', [old]);
      if (rows.length === 0) break;
      expect(performance.now()).to.be.lessThan(deadline);
    }
    await other.stop();
    expect(other.faults).to.deep.equal([]);
    expect(other.pool.listenerCount('error')).to.equal(0);
  });

  it('takes no option that cannot be meant', () => {
    const handler = async (): Promise<void> => {};
    const good: ParticipantOptions = { pool: service.pool, try: handler, confirm: handler, cancel: handler, verify: 'off' };
    for (const bad of [{ waitMs: 0 }, { timeoutMs: 1.5 }, { keepMs: DAY_MS - 1 }, { cleanEveryMs: 2 ** 31 }]) {
      expect(() => participant({ ...good, ...bad }), JSON.stringify(bad)).to.throw(RangeError);
    }
    expect(() => participant({ ...good, cancel: undefined } as never)).to.throw(TypeError, /cancel/);
    const secrets = [`whsec_${Buffer.alloc(32).toString('base64')}`];
    const { verify: _verify, ...unsaid } = good;
    for (const toleranceMs of [0, 999, 3_600_001, Number.NaN]) {
      expect(() => participant({ ...unsaid, secrets, toleranceMs }), String(toleranceMs)).to.throw(RangeError, /toleranceMs/);
    }
  });

  it('asks for secrets, or to be told that anybody is believed', () => {
    const handler = async (): Promise<void> => {};
    const unsaid: ParticipantOptions = { pool: service.pool, try: handler, confirm: handler, cancel: handler };
    const secrets = [`whsec_${Buffer.alloc(32).toString('base64')}`];
    const slips = [{}, { secrets, verify: 'off' }, { verify: 'on' }, { verify: null }, { secrets: [] }, { secrets: ['hush'] }];
    for (const slip of slips)
      expect(() => participant({ ...unsaid, ...slip } as never), JSON.stringify(slip)).to.throw(TypeError);
    expect(() => participant(unsaid)).to.throw(/needs secrets: .* or verify: 'off'/);
  });
});
