// Owns the proof, with whole coordinators, of where participants may not stand: nothing is sent there, what is told of it helps whoever
// meant well, and on embedded defaults the loopback goes by itself, in every process.
import { expect } from 'chai';
import { transactionsOf } from '../support/branches.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const SETTING = 'HOLDFAST_PARTICIPANT_ALLOW';

describe('participants where none may stand', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;
  let inner: ParticipantServer;
  const transactions = transactionsOf(() => coordinator);

  before(async () => {
    [postgres, inner] = await Promise.all([startPostgres(), startParticipant()]);
    // Empty counts as not set.
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, [SETTING]: '' } });
  });

  after(() => Promise.all([coordinator.stop(), postgres.stop()]));

  it('are refused at once where the address stands in the URL, in whatever form', async () => {
    const hosts = [
      '127.0.0.1',
      '2130706433',
      '0x7f.0.0.1',
      '0177.0.0.1',
      '[::ffff:7f00:1]',
      '[::1]',
      '169.254.169.254',
      '10.0.0.1',
    ];
    for (const host of hosts) {
      const answer = await transactions.ask('PUT', '/v1/participants/inner', { json: { url: `http://${host}:${inner.port}` } });
      const { errors } = answer.body as unknown as {
        readonly errors: readonly { readonly path: string; readonly message: string }[];
      };
      expect([answer.brief, errors.map(({ path }) => path)], host).to.deep.equal(['400 invalid-request', ['url']]);
      expect(errors[0]?.message, host)
        .to.include(SETTING)
        .and.match(/^must not lead to /);
    }
    expect((await transactions.ask('GET', '/v1/participants/inner')).brief).to.equal('404 unknown-participant');
  });

  it('are never connected to under a name, and who looks is told why', async () => {
    const json = { url: `http://localhost:${inner.port}`, retry: { initialMs: 50, maxMs: 100 } };
    expect((await transactions.ask('PUT', '/v1/participants/inner', { json })).brief).to.equal('200');
    await transactions.stock('LAMP', 5);
    const begun = await transactions.begin(['inner'], { sku: 'LAMP', timeoutMs: 1_500, seconds: 1 });
    expect(begun.brief).to.equal('202 TRYING');
    expect(begun.body.branches[0]?.lastError)
      .to.match(/^not sent: participants may not stand at localhost \((?:127\.0\.0\.1|::1)/)
      .and.include(`${SETTING} lets addresses in`);
    // As with anybody who cannot be reached: it is cancelled at its deadline, and holds no stock after it.
    await transactions.get(begun.body.id, 3);
    expect(await transactions.stockOf('LAMP')).to.equal('5/0/0');
    expect(inner.calls).to.deep.equal([]);
  });

  it('may stand on the loopback of a quickstart, and whatever process calls them', async () => {
    const embedded = await startCoordinator({ env: { WORKERS: '2' } });
    const there = transactionsOf(() => embedded);
    const payment = await startParticipant();
    for (let time = 1; time <= 6; time += 1) {
      await there.register('payment', payment);
      expect((await there.begin(['payment'])).brief).to.equal('201 TRIED');
    }
    const answer = await there.ask('PUT', '/v1/participants/other', { json: { url: 'http://10.0.0.1' } });
    expect(answer.brief).to.equal('400 invalid-request');
    await embedded.stop();
  });

  it('are let in by a setting that is looked at when it starts', async () => {
    const env = { DATABASE_URL: postgres.url, [SETTING]: '10.0.0.0/33' };
    const said = await startCoordinator({ env }).then(
      () => 'it started',
      (error: Error) => error.message,
    );
    expect(said).to.include(`${SETTING} must be a list of host names, addresses and CIDRs`).and.include('"10.0.0.0/33" is no');
  });
});
