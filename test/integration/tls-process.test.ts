// Owns the proof that TLS holds in a whole instance of several processes: each takes a renewed certificate, and the stop is as
// orderly as over HTTP.
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { expect } from 'chai';
import { until } from '../support/call.ts';
import { CertificateMaker, type Certified } from '../support/certificates.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { makeFolder } from '../support/folder.ts';

describe('an instance that serves over TLS', () => {
  const trusted = getCACertificates('default');
  let folder: string;
  let maker: CertificateMaker;
  let authority: Certified;
  let env: Readonly<Record<string, string>>;
  const put = async ({ cert, key }: Certified): Promise<void> => {
    await writeFile(join(folder, 'cert.pem'), cert);
    await writeFile(join(folder, 'key.pem'), key);
  };

  before(async () => {
    folder = await makeFolder();
    maker = new CertificateMaker(folder);
    authority = maker.authority('authority');
    setDefaultCACertificates([...trusted, authority.cert]);
    await put(maker.signed('first', authority));
    env = { HOLDFAST_TLS_CERT_FILE: join(folder, 'cert.pem'), HOLDFAST_TLS_KEY_FILE: join(folder, 'key.pem') };
  });
  after(async () => {
    setDefaultCACertificates(trusted);
    await rm(folder, { recursive: true });
  });

  const shown = async (coordinator: CoordinatorProcess): Promise<string> => {
    const { hostname, port } = new URL(coordinator.url);
    const socket = connectTls({ host: hostname, port: Number(port), ca: authority.cert });
    await once(socket, 'secureConnect');
    const name = String(socket.getPeerCertificate().subject.CN);
    socket.destroy();
    return name;
  };

  it('renews in every process, and ends with nothing cut off and nobody waited for', async () => {
    const coordinator = await startCoordinator({ env: { ...env, WORKERS: '2' } });
    expect(coordinator.url).to.match(/^https:/);
    expect(coordinator.output()).to.include('--cacert FILE');
    const movement = { sku: 'A', kind: 'RECEIVE', quantity: 5 };
    expect((await coordinator.request('/v1/stock/movements', { json: movement })).status).to.equal(201);
    await put(maker.signed('second', authority));
    // Two processes take turns: so many new ones in a row come from both.
    let inARow = 0;
    await until('the new certificate everywhere', async () => {
      inARow = (await shown(coordinator)) === 'second' ? inARow + 1 : 0;
      return inARow === 12;
    });
    expect((await coordinator.request('/v1/stock/A')).status).to.equal(200);
    // One that never shakes hands must hold nothing up.
    const { hostname, port } = new URL(coordinator.url);
    const silent = connect(Number(port), hostname);
    silent.on('error', () => {}).resume();
    await once(silent, 'connect');
    const begun = performance.now();
    expect(await coordinator.stop()).to.equal(0);
    expect(performance.now() - begun).to.be.lessThan(4_000);
  });

  it('does not start with a pair that is none, and says which file it is', async () => {
    await writeFile(join(folder, 'other.pem'), maker.signed('other', authority).key);
    const spoilt = { ...env, HOLDFAST_TLS_KEY_FILE: join(folder, 'other.pem') };
    const failure = await startCoordinator({ env: spoilt }).then(
      () => 'started',
      (error: Error) => error.message,
    );
    expect(failure)
      .to.match(/ended with 1/)
      .and.match(/holdfast: the TLS key \S+other\.pem cannot be used: it is of another/);
  });
});
