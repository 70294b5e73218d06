// Owns the proof that calls over TLS recover from a connection that a network swallowed without a word, as soon as a new one passes.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { expect } from 'chai';
import type { BranchId, Participant, TransactionId } from '../../src/coordinator/model.ts';
import { Connection } from '../../src/participants/call.ts';
import { makeFolder } from '../support/folder.ts';
import { LOOPBACK_LET_IN } from '../support/participant-server.ts';

const CERTIFICATE = `[req]
distinguished_name=dn
x509_extensions=ext
prompt=no
[dn]
CN=localhost
[ext]
subjectAltName=DNS:localhost
basicConstraints=CA:TRUE
`;

describe('calls to a participant over TLS', () => {
  const trusted = getCACertificates('default');
  const passed: [Socket, Socket][] = [];
  let folder: string;
  let server: Http2SecureServer;
  let road: Server;
  let registration: Participant;
  let connection: Connection;

  before(async () => {
    folder = await makeFolder();
    const [config, key, certificate] = ['config', 'key', 'certificate'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(config, CERTIFICATE);
    const form = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
    execFileSync('openssl', [...form, '-config', config, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    setDefaultCACertificates([...trusted, readFileSync(certificate, 'utf8')]);
    // It would speak HTTP/2 with whoever offers it.
    const secret = { key: readFileSync(key), cert: readFileSync(certificate), allowHTTP1: true };
    server = createSecureServer(secret, (request, response) => request.resume().on('end', () => response.end('{}')));
    const port = await listening(server);
    road = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      passed.push([near, far]);
      for (const socket of [near, far]) socket.on('error', () => {});
      near.pipe(far).pipe(near);
    });
    const url = `https://localhost:${await listening(road)}`;
    const retry = { initialMs: 1000, maxMs: 60_000, attentionAfter: 10 };
    registration = { name: 'payment', url, timeoutMs: 1000, maxConcurrency: 4, retry, createdAt: 0, updatedAt: 0 };
    connection = new Connection(registration, LOOPBACK_LET_IN);
  });
  after(async () => {
    await connection.destroy();
    for (const socket of passed.flat()) socket.destroy();
    for (const each of [road, server]) each.close();
    setDefaultCACertificates(trusted);
    await rm(folder, { recursive: true });
  });

  const outcome = async (): Promise<string> => {
    const [transactionId, branchId] = ['t' as TransactionId, 'b' as BranchId];
    const call = { transactionId, branchId, participant: 'payment', phase: 'confirm', fence: 1, isUrgent: false } as const;
    const stored = { branchId, fence: 1, holder: null, attempts: 0, payload: null, traceparent: '00-1-1-01' };
    const details = {
      ...stored,
      state: 'CONFIRMING',
      expiresAt: 0,
      isBeforeDeadline: true,
      secrets: [],
      now: 0,
      participant: registration,
    };
    const reply = await connection.call(call, details);
    return reply.outcome;
  };

  it('take a new connection where nothing comes back on an old one', async () => {
    expect(await outcome()).to.equal('done');
    for (const [near, far] of passed) {
      near.unpipe(far).pause();
      far.unpipe(near).pause();
    }
    const outcomes = [await outcome(), await outcome(), await outcome()];
    expect(outcomes.filter((one) => one === 'failed')).to.have.length.at.most(1);
  });
});

function listening(server: Server | Http2SecureServer): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}
