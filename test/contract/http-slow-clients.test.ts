// Slow, stuck and malformed clients: each is told in time and let go, and none harms the others (I12).
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { HttpFixture } from '../support/http-fixture.ts';

const POST = 'POST /v1/transactions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';

describe('slow and malformed clients', () => {
  const http = HttpFixture.forSuite({
    requestTimeoutMs: 600,
    headersTimeoutMs: 300,
    connectionsCheckingIntervalMs: 50,
    stallTimeoutMs: 1_000,
  });
  afterEach(async () => {
    expect(http.port.commands).to.deep.equal([]);
    expect((await http.call('GET', '/livez')).status).to.equal(200);
    http.expectNothingAtErrorLevel();
  });

  it('tells what is not HTTP, and closes', async () => {
    for (const text of [
      'hello\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'GET / HTTP/1.1\r\nbad header\r\n\r\n',
      `${POST}Content-Length: x\r\n\r\n`,
      `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
      `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    ]) {
      expect(await http.raw(text), text).to.match(/^HTTP\/1\.1 400 Bad Request\r\n/);
    }
    expect(await http.raw('GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n')).to.contain('Host header');
    expect(await http.raw('hello\r\n\r\n')).to.match(/application\/problem\+json.*"code":"invalid-request"/s);
  });

  it('refuses floods of headers, in bytes and in number', async () => {
    const big = `GET /livez HTTP/1.1\r\nHost: a\r\nX-Flood: ${'x'.repeat(140_000)}\r\n\r\n`;
    expect(await http.raw(big)).to.match(/^HTTP\/1\.1 431 .*"status":431/s);
    const many = `GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${Array.from({ length: 150 }, (_, n) => `X-${n}: 1\r\n`).join('')}\r\n`;
    expect(await http.raw(many)).to.match(/^HTTP\/1\.1 431 .*"status":431/s);
  });

  it('gives up on headers and bodies that do not arrive', async () => {
    expect(await http.raw('GET /livez HTTP/1.1\r\nHost: a\r\n')).to.match(/^HTTP\/1\.1 408 Request Timeout.*"retryable":true/s);
    expect(await http.raw(`${POST}Content-Length: 100\r\n\r\n{"items":`)).to.match(/^HTTP\/1\.1 408 Request Timeout/);
  });

  it('drops half-sent bodies without a word in the log', async () => {
    for (const type of ['application/json', 'text/csv']) {
      const path = type === 'text/csv' ? '/v1/stock/import' : '/v1/transactions';
      const socket = connect(http.portNumber, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: 100\r\n\r\nsku,av`);
      await sleep(50);
      socket.resetAndDestroy();
    }
    await sleep(100);
    expect(http.logged).to.deep.equal([]);
  });

  it('lets go of a caller that asks and never reads', async () => {
    const socket = connect(http.portNumber, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.pause();
    const started = performance.now();
    // Far more answers than the socket buffers hold.
    socket.write('GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(400));
    await sleep(2_500);
    socket.resume();
    await once(socket, 'close');
    expect(performance.now() - started).to.be.lessThan(8_000);
  });

  it('answers pipelined requests in order, each in its frame', async () => {
    const text = await http.raw(
      'GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /v1/x HTTP/1.1\r\nHost: a\r\n\r\nHEAD /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).to.deep.equal(['200', '404', '200']);
  });
});
