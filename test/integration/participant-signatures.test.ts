// Owns the proof that calls are signed and that the library takes no others: a real coordinator, a real service over Express, and
// somebody between them who has seen what was sent.
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { transactionsOf } from '../support/branches.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { brief, callBody, makeDatabase, type PaymentService, startPaymentService } from '../support/participant-service.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const nowS = (): number => Math.floor(Date.now() / 1000);
const keyOf = (secret: string): Buffer => Buffer.from(secret.slice('whsec_'.length), 'base64');

/** As the coordinator would. */
function signedBy(secret: string, id: string, body: string, timestamp = String(nowS())): Record<string, string> {
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

describe('signed calls', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let serviceUrl: string;
  let coordinator: CoordinatorProcess;
  let seen: ParticipantServer;
  const services: PaymentService[] = [];
  const shown: string[] = [];
  const transactions = transactionsOf(() => coordinator);

  before(async () => {
    postgres = await startPostgres();
    serviceUrl = await makeDatabase(postgres.url, 'payments');
    const env = { DATABASE_URL: postgres.url, LOG_LEVEL: 'trace' };
    [coordinator, seen] = await Promise.all([startCoordinator({ env }), startParticipant()]);
  });

  after(async () => {
    await coordinator.stop();
    for (const service of services) await service.stop();
    await postgres.stop();
  });

  async function put(name: string, url: string, members: object = {}): Promise<string> {
    const json = { url, retry: { initialMs: 50, maxMs: 100 }, ...members };
    const { brief: status, body } = await transactions.ask('PUT', `/v1/participants/${name}`, { json });
    expect(status).to.equal('200');
    const { secret = '' } = body as unknown as { readonly secret?: string };
    if (secret !== '') shown.push(secret);
    return secret;
  }

  async function serving(secrets: readonly string[], options: object = {}): Promise<PaymentService> {
    const service = await startPaymentService(serviceUrl, { secrets, poolSize: 3, ...options });
    services.push(service);
    return service;
  }

  const pay = (name: string, timeoutMs?: number, id = randomUUID()) => {
    const json = {
      id,
      branches: [{ participant: name, payload: { amount: 5 } }],
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
    return transactions.ask('POST', '/v1/transactions', { json, headers: { prefer: 'wait=5' } });
  };

  it('are taken by the library with the secret that was made and shown, once, and by nobody who has another', async () => {
    const service = await serving([newSecret()]);
    const made = await put('payment', service.url);
    expect(made).to.match(/^whsec_/);
    expect(await put('payment', service.url)).to.equal('');
    const id = randomUUID();
    await pay('payment', 700, id);
    const refused = await transactions.get(id, 5);
    expect([refused.body.state, refused.body.reason, service.runs.try]).to.deep.equal(['CANCELLING', 'expired', 0]);
    expect(refused.body.branches[0]?.lastError).to.match(/^401: The signature does not fit/);
    expect(await service.query('SELECT 1 FROM holdfast_barrier')).to.deep.equal([]);

    const knowing = await serving([made]);
    await put('payment', knowing.url);
    const { brief: status, body } = await pay('payment');
    expect(status).to.equal('201 TRIED');
    expect((await transactions.confirm(body.id)).brief).to.equal('200 CONFIRMED');
    expect([knowing.runs.try, knowing.runs.confirm, knowing.faults, service.faults]).to.deep.equal([1, 1, [], []]);
  });

  it('carry the same id in every attempt, the time of each, and a signature over what is sent', async () => {
    const secret = newSecret();
    await put('seen', seen.url, { secret });
    seen.behave(({ phase }, nth) => (phase === 'confirm' && nth < 3 ? 500 : 200));
    const { body } = await transactions.begin(['seen']);
    await transactions.confirm(body.id);
    const calls = seen.calls.filter(({ transactionId }) => transactionId === body.id);
    expect(calls.map(({ phase, attempt }) => `${phase} ${attempt}`)).to.deep.equal([
      'try 1',
      'confirm 1',
      'confirm 2',
      'confirm 3',
    ]);
    for (const { headers, at: _at, ...call } of calls) {
      expect([headers['webhook-id'], headers['idempotency-key']]).to.deep.equal(Array(2).fill(`${call.branchId}:${call.phase}`));
      expect(Math.abs(Number(headers['webhook-timestamp']) - nowS())).to.be.lessThan(60);
      const { transactionId, branchId, participant, phase, attempt, expiresAt, payload } = call;
      const text = JSON.stringify({ transactionId, branchId, participant, phase, attempt, expiresAt, payload });
      const timestamp = String(headers['webhook-timestamp']);
      expect(headers).to.include(signedBy(secret, `${branchId}:${phase}`, text, timestamp));
    }
  });

  it('go on through a rotation, whichever of the two the service knows', async () => {
    const [old, fresh] = [newSecret(), newSecret()];
    const [withOld, withFresh, withBoth] = [await serving([old]), await serving([fresh]), await serving([fresh, old])];
    const answers = async (): Promise<string[]> => {
      const briefs = [];
      for (const service of [withOld, withBoth, withFresh]) {
        await put('rotated', service.url);
        briefs.push((await pay('rotated', 400)).brief);
      }
      return briefs;
    };
    await put('rotated', withOld.url, { secret: old });
    expect((await answers()).slice(0, 2)).to.deep.equal(['201 TRIED', '201 TRIED']);
    expect(withFresh.runs.try).to.equal(0);
    await put('rotated', withOld.url, { secret: fresh });
    expect(await answers()).to.deep.equal(['201 TRIED', '201 TRIED', '201 TRIED']);
  });

  it('change nothing when somebody sends them again, and are refused when they are old', async () => {
    const secret = newSecret();
    const service = await serving([secret]);
    const branch = randomUUID();
    const send = (phase: string, timestamp?: string) => {
      const body = JSON.stringify({ ...callBody(phase, branch), transactionId: branch });
      return service.sendRaw(`/${phase}`, body, signedBy(secret, `${branch}:${phase}`, body, timestamp));
    };
    for (const phase of ['try', 'try', 'cancel', 'cancel']) expect((await send(phase)).status, phase).to.equal(200);
    expect(brief(await send('try'))).to.equal('409 cancelled');
    expect([service.runs.try, service.runs.cancel]).to.deep.equal([1, 1]);
    for (const [at, words] of [
      [nowS() - 3_600, / s ago /],
      [nowS() + 3_600, / s ahead /],
    ] as const) {
      const reply = await send('try', String(at));
      expect([reply.status, (reply.body as { detail?: string }).detail]).to.satisfy(
        ([status, detail]: [number, string]) => status === 401 && words.test(detail),
      );
    }
    expect(await service.query('SELECT phase FROM holdfast_barrier WHERE branch_id = $1 ORDER BY 1', [branch])).to.deep.equal([
      { phase: 'cancel' },
      { phase: 'try' },
    ]);
  });

  it('are no others: unsigned, changed, for another phase, or too large to be one', async () => {
    const secret = newSecret();
    const service = await serving([secret]);
    const branch = randomUUID();
    const body = JSON.stringify(callBody('try', branch));
    const good = signedBy(secret, `${branch}:try`, body);
    const refusals = [
      await service.sendRaw('/try', body),
      await service.sendRaw('/try', body.replace('5', '6'), good),
      await service.sendRaw('/try', body.slice(0, -1), good),
      await service.sendRaw('/try', '', good),
      await service.sendRaw('/try', body, { ...good, 'webhook-signature': (good['webhook-signature'] ?? '').slice(0, -2) }),
      await service.sendRaw('/try', body, { ...good, 'webhook-id': `${randomUUID()}:try` }),
      await service.sendRaw('/try', body, signedBy(newSecret(), `${branch}:try`, body)),
    ];
    for (const { status, body: problem } of refusals) {
      expect(problem).to.deep.include({ type: 'about:blank', title: 'Unauthorized', status: 401 });
      expect(status).to.equal(401);
    }
    expect((await service.sendRaw('/cancel', body, good)).status).to.equal(400);
    expect((await service.sendRaw('/try', '7', signedBy(secret, 'x', '7'))).status).to.equal(400);
    expect((await service.sendRaw('/try', '{', signedBy(secret, 'x', '{'))).status).to.equal(400);
    expect((await service.sendRaw('/try', 'x'.repeat(70_000), good)).status).to.equal(413);
    expect([service.runs.try, service.runs.cancel, service.faults]).to.deep.equal([0, 0, []]);
    expect(await service.query('SELECT 1 FROM holdfast_barrier WHERE branch_id = $1', [branch])).to.deep.equal([]);
    expect((await service.sendRaw('/try', body, good)).status).to.equal(200);
  });

  it('are checked over the bytes that came, so an application that keeps none is told', async () => {
    const secret = newSecret();
    // Not as JSON.stringify would write it: it must not be written anew.
    const [branch, spaced] = [randomUUID(), (text: string): string => text.replace('{', '{ ')];
    const body = spaced(JSON.stringify(callBody('try', branch)));
    const headers = signedBy(secret, `${branch}:try`, body);
    const without = await serving([secret], { parsesJson: true });
    expect(brief(await without.sendRaw('/try', body, headers))).to.equal('500 failed');
    expect(without.faults.map(({ kind, message }) => [kind, /before express\.json\(\)/.test(message)])).to.deep.equal([
      ['signature', true],
    ]);
    const keeping = await serving([secret], { parsesJson: 'with-bytes' });
    expect(brief(await keeping.sendRaw('/try', `${body} `, headers))).to.equal('401');
    expect(brief(await keeping.sendRaw('/try', body, headers))).to.equal('200 TRIED');
  });

  it('never show a secret: in no answer but that one, no log, figure or event', async () => {
    const paths = [
      '/v1/participants',
      '/v1/participants/payment',
      '/metrics',
      '/v1/transactions',
      '/console',
      '/console/api/overview',
    ];
    const texts = await Promise.all(paths.map(async (path) => (await coordinator.request(path)).text()));
    expect(shown).to.have.length.above(0);
    for (const text of [...texts, coordinator.output()]) {
      expect(text).not.to.match(/whsec_(?!…)[A-Za-z0-9+/]{8}/);
      for (const secret of shown) expect(text).not.to.include(secret.slice(6, 30));
    }
  });
});
