// Owns the tests of TLS and mutual TLS over a real socket: who is served, what is refused, and that a renewal drops nobody.
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import { createHttpServer } from '../../src/http/server.ts';
import { closeAllConnections, renewTls, type Server } from '../../src/http/tls.ts';
import { CertificateFault, type CertificateWatch, openCertificates } from '../../src/runtime/certificates.ts';
import { until } from '../support/call.ts';
import { CertificateMaker, type Certified } from '../support/certificates.ts';
import { makeFolder } from '../support/folder.ts';

interface Seen {
  readonly status: number;
  readonly text: string;
  /** Strict-Transport-Security. */
  readonly transport: string | undefined;
  /** Which certificate the server showed. */
  readonly name: string;
  /** Of the connection: tells one from another. */
  readonly port: number;
}

describe('TLS', () => {
  let folder: string;
  let maker: CertificateMaker;
  let authority: Certified;
  let stranger: Certified;
  const logged: string[] = [];
  const log = {
    info: (_details: object, message: string) => logged.push(`info ${message}`),
    warn: (_details: object, message: string) => logged.push(`warn ${message}`),
  };
  const running: { server: Server; certificates: CertificateWatch }[] = [];
  const agents: Agent[] = [];
  const file = (name: string): string => join(folder, name);
  const put = ({ cert, key }: Certified): void => {
    writeFileSync(file('cert.pem'), cert);
    writeFileSync(file('key.pem'), key);
  };

  before(async () => {
    folder = await makeFolder();
    maker = new CertificateMaker(folder);
    authority = maker.authority('authority');
    stranger = maker.authority('stranger');
  });
  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.destroy();
    for (const { server, certificates } of running.splice(0)) {
      certificates.stop();
      server.close();
      closeAllConnections(server);
    }
    logged.length = 0;
  });
  after(() => rmSync(folder, { recursive: true }));

  const start = async (clientCa: string | null = null): Promise<number> => {
    put(maker.signed('first', authority));
    if (clientCa !== null) writeFileSync(file('ca.pem'), clientCa);
    const paths = {
      tlsCertFile: file('cert.pem'),
      tlsKeyFile: file('key.pem'),
      tlsClientCaFile: clientCa === null ? null : file('ca.pem'),
    };
    const certificates = openCertificates(paths, log, 20);
    if (certificates === null) throw new Error('TLS is off');
    const server = createHttpServer((request, response, done) => (request.url === '/' ? response.end('served') : done()), {
      tls: certificates.files,
      headersTimeoutMs: 300,
      connectionsCheckingIntervalMs: 50,
    });
    certificates.watch((files) => renewTls(server, files));
    running.push({ server, certificates });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };

  const keptAlive = (): Agent => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    return agent;
  };

  const ask = (port: number, options: RequestOptions = {}): Promise<Seen> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, ca: authority.cert, agent: false, ...options }, (response) => {
        const socket = response.socket as ReturnType<typeof connectTls>;
        const seen = {
          status: response.statusCode ?? 0,
          name: String(socket.getPeerCertificate().subject?.CN),
          port: socket.localPort ?? 0,
        };
        const transport = response.headers['strict-transport-security'];
        let text = '';
        response.on('data', (chunk) => (text += chunk)).on('end', () => resolve({ ...seen, text, transport }));
      });
      asked.on('error', reject).end();
    });
  const faultOf = (port: number, options: RequestOptions = {}): Promise<string> =>
    ask(port, options).then(
      (seen) => `served ${seen.status}`,
      (error: NodeJS.ErrnoException) => error.code ?? error.message,
    );
  /** Which version and cipher are agreed on; what it fails with where none is. */
  const agreed = async (port: number, options: ConnectionOptions): Promise<string> => {
    const socket = connectTls({ host: '127.0.0.1', port, ca: authority.cert, ...options });
    try {
      await once(socket, 'secureConnect');
      return `${socket.getProtocol()} ${socket.getCipher().name}`;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? '';
    } finally {
      socket.destroy();
    }
  };

  it('serves by it, from version 1.2 on, with forward secrecy, and no plain HTTP beside it', async () => {
    const port = await start();
    expect(await ask(port)).to.include({ status: 200, text: 'served', name: 'first' });
    expect(await ask(port, { path: '/nothing' })).to.include({ status: 404, transport: 'max-age=31536000' });
    expect(await agreed(port, {})).to.match(/^TLSv1\.3 /);
    expect(await agreed(port, { maxVersion: 'TLSv1.2' })).to.match(/^TLSv1\.2 ECDHE-/);
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect(await agreed(port, old)).to.match(/PROTOCOL_VERSION/);
    const weak = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' } as const;
    expect(await agreed(port, weak)).to.match(/HANDSHAKE_FAILURE/);
    const plain = connect(port, '127.0.0.1');
    let answer = '';
    plain.on('data', (chunk) => (answer += chunk.toString('latin1'))).on('error', () => {});
    plain.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(plain, 'close');
    expect(answer).not.to.contain('HTTP/1.1');
    expect(logged).to.deep.equal(['info TLS is on']);
  });

  it('asks for a certificate of a named authority where it is told to, and serves nobody else', async () => {
    const port = await start(authority.cert);
    expect(await ask(port, maker.signed('client', authority))).to.include({ status: 200, text: 'served' });
    expect(await faultOf(port)).to.match(/CERTIFICATE_REQUIRED|ECONNRESET/);
    expect(await faultOf(port, maker.signed('client', stranger))).to.match(/UNKNOWN_CA|ECONNRESET/);
    // Its own authority, named as the one that is asked for.
    const namesake = maker.authority('authority');
    expect(await faultOf(port, maker.signed('client', namesake))).to.match(/CERTIFICATE|DECRYPT|ECONNRESET|UNKNOWN_CA/);
    expect(await ask(port, maker.signed('client', authority))).to.include({ status: 200 });
  });

  it('takes a renewed certificate for new connections, and goes on with those that are open', async () => {
    const port = await start(authority.cert);
    const client = maker.signed('client', authority);
    const agent = keptAlive();
    const before = await ask(port, { ...client, agent });
    put(maker.signed('second', authority));
    await until('the new certificate', async () => (await ask(port, client)).name === 'second');
    const after = await ask(port, { ...client, agent });
    expect(after).to.deep.equal({ ...before, name: 'first' });
    expect(logged.filter((line) => line.startsWith('info'))).to.have.length(2);
    // So for the authorities: who signed before is a stranger now, and no old session lets it in.
    writeFileSync(file('ca.pem'), stranger.cert);
    const newcomer = maker.signed('client', stranger);
    await until('the new authority', async () => (await faultOf(port, newcomer)) === 'served 200');
    expect(await faultOf(port, client)).to.match(/UNKNOWN_CA|ECONNRESET/);
  });

  it('keeps the old one where the new one cannot be used, says so once, and takes it when it is whole', async () => {
    const port = await start(authority.cert);
    const client = maker.signed('client', authority);
    const next = maker.signed('second', authority);
    const spoilt: readonly (readonly [string, string])[] = [
      ['cert.pem', next.cert],
      ['cert.pem', next.cert.slice(0, next.cert.length / 2)],
      ['cert.pem', ''],
      ['key.pem', 'not a key'],
      ['ca.pem', 'not a certificate'],
      ['ca.pem', `${authority.cert}${stranger.cert.slice(0, 300)}`],
    ];
    for (const [index, [name, text]] of spoilt.entries()) {
      writeFileSync(file(name), text);
      await until(`a warning about ${name}`, async () => logged.filter((line) => line.startsWith('warn')).length === index + 1);
      expect((await ask(port, client)).name).to.equal('first');
    }
    rmSync(file('key.pem'));
    await until('a warning about the missing file', async () => logged.filter((line) => line.startsWith('warn')).length === 7);
    await sleep(100);
    expect(logged).to.have.length(8);
    writeFileSync(file('ca.pem'), authority.cert);
    put(next);
    await until('the new certificate', async () => (await ask(port, client)).name === 'second');
  });

  it('lets go of a handshake that does not get on, and of one that is none', async () => {
    const port = await start();
    for (const first of ['', '\x16\x03\x01\x02\x00\x01', 'x'.repeat(600)]) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {}).resume();
      if (first !== '') socket.write(first, 'latin1');
      const begun = performance.now();
      await once(socket, 'close');
      expect(performance.now() - begun).to.be.lessThan(5_000);
    }
    expect(await ask(port)).to.include({ status: 200 });
  });

  it('tells before it serves which file cannot be used', () => {
    const { cert, key } = maker.signed('good', authority);
    writeFileSync(file('good.pem'), cert);
    writeFileSync(file('good-key.pem'), key);
    writeFileSync(file('other-key.pem'), maker.signed('other', authority).key);
    writeFileSync(file('empty.pem'), '');
    const fault = (certName: string, keyName: string, caName: string | null): string => {
      const tlsClientCaFile = caName === null ? null : file(caName);
      try {
        openCertificates({ tlsCertFile: file(certName), tlsKeyFile: file(keyName), tlsClientCaFile }, log);
      } catch (error) {
        if (error instanceof CertificateFault) return error.message.replaceAll(`${folder}/`, '');
        throw error;
      }
      return 'none';
    };
    expect(fault('good.pem', 'good-key.pem', 'good.pem')).to.equal('none');
    expect(fault('absent.pem', 'good-key.pem', null)).to.match(/^the TLS file absent.pem cannot be read: ENOENT/);
    expect(fault('good.pem', 'other-key.pem', null)).to.equal(
      'the TLS key other-key.pem cannot be used: it is of another certificate',
    );
    expect(fault('good.pem', 'good.pem', null)).to.match(/^the TLS key good.pem cannot be used/);
    expect(fault('empty.pem', 'good-key.pem', null)).to.equal(
      'the TLS file empty.pem cannot be used: it holds no certificate in PEM form',
    );
    expect(fault('good.pem', 'good-key.pem', 'good-key.pem')).to.match(/^the TLS file good-key.pem cannot be used/);
  });
});
