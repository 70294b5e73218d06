// Owns the tests of requests that two readers could take for different ones (smuggling): refused, the connection closed, and what
// stands behind them never carried out.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { HttpFixture } from '../support/http-fixture.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const CANCEL = `POST /v1/transactions/${ID}/cancel HTTP/1.1\r\n`;
/** What must not be carried out. */
const BEHIND = `${CANCEL}Host: a\r\n\r\n`;
const JSON_TYPE = 'Host: a\r\nContent-Type: application/json\r\n';
const chunked = (body: string): string => `${CANCEL}${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n${body}${BEHIND}`;

/** Heads of a request, to which an empty line and what must not be carried out are added. */
const HEADS = [
  'Host: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked',
  'Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 2',
  'Host: a\r\nContent-Length: 0\r\nContent-Length: 5',
  'Host: a\r\nContent-Length: 0\r\nContent-Length: 0',
  ...['0, 0', '+0', '-1', '0x0', '', '1 0', '1e1', '99999999999999999999'].map(
    (length) => `Host: a\r\nContent-Length: ${length}`,
  ),
  ...['identity', 'gzip, chunked', 'chunked, gzip', 'xchunked', '"chunked"', 'chunked;q=1', '\u000bchunked', ''].map(
    (coding) => `Host: a\r\nTransfer-Encoding: ${coding}`,
  ),
  'Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'Host: a\r\nTransfer-Encoding : chunked',
  'Host: a\r\nTransfer-Encoding\t: chunked',
  'Host: a\r\nTransfer-Encoding:\r\n chunked',
  'Host: a\r\nX: a\r\n b',
  'Host: a\r\nX: a\r\n\tb',
  ' Host: a',
  'Host : a',
  'Host: a\nX: b',
  'Host: a\rX: b',
  'Host: a\r\nX: a\u0000b',
  'Host: a\r\nX\u0000: a',
  'Host: a\r\nX: a\u0001b',
  'Host: a\r\n: a',
  'Host: a\r\nnothing',
  'Host: a\r\nHost: b',
  'Host: a\r\nHost: a',
  'Host:',
  'Host: a b',
  'Host: a/b@c',
  'X: no host',
];

const TARGETS = [
  'http://a/v1/stock',
  'http://elsewhere/v1/stock',
  'a:80',
  '*',
  'v1/stock',
  '/v1/stock#part',
  '/v1\\stock',
  '/v1/stock?a\\b',
  '/v1/sto ck',
  '/v1/\u00a0stock',
];

const CHUNKS = [
  '1\nx\r\n0\r\n\r\n',
  '1\r\nx\n0\r\n\r\n',
  '1;\nx\r\n0\r\n\r\n',
  '1;a="\r\n"\r\nx\r\n0\r\n\r\n',
  '0x1\r\nx\r\n0\r\n\r\n',
  '+1\r\nx\r\n0\r\n\r\n',
  '-1\r\nx\r\n0\r\n\r\n',
  '1 \r\nx\r\n0\r\n\r\n',
  '1\r\nxyz\r\n0\r\n\r\n',
  'FFFFFFFFFFFFFFFFF\r\nx\r\n0\r\n\r\n',
  '2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n',
  `1;${'a'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`,
];

describe('requests that two readers could take for different ones', () => {
  const http = HttpFixture.forSuite({ stallTimeoutMs: 1_500 });
  afterEach(() => http.expectNothingAtErrorLevel());

  /** Sends, and waits for the end of the connection: nothing may come after, and nothing may have been done. */
  const refusedAt = async (bytes: string, statuses = /^(?:400|413|431)$/): Promise<void> => {
    const named = JSON.stringify(bytes.slice(0, 200));
    const answer = await http.raw(Buffer.from(bytes, 'latin1'), 4_000);
    const given = [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);
    expect(given, named).to.have.length(1);
    expect(given[0], named).to.match(statuses);
    expect(answer, named)
      .to.match(/\r\nConnection: close\r\n/i)
      .and.match(/"code":"(?:invalid-request|body-too-large)"/);
    expect(http.port.commands, named).to.deep.equal([]);
  };

  it('are refused by their head, with all that follows', async () => {
    await Promise.all(HEADS.map((head) => refusedAt(`${CANCEL}${head}\r\n\r\n${BEHIND}`)));
    await refusedAt(`${CANCEL.replace('1.1', '1.0')}Host: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${BEHIND}`);
  });

  it('are refused by their request line, with all that follows', async () => {
    for (const target of TARGETS) await refusedAt(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n${BEHIND}`);
    await refusedAt(`OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n${BEHIND}`);
    for (const version of ['HTTP/2.0', 'HTTP/1.2', 'HTTP/0.9', 'http/1.1', 'HTTP/1.1 x', ''])
      await refusedAt(`GET /livez ${version}\r\nHost: a\r\n\r\n${BEHIND}`);
    for (const line of [
      'GET\t/livez\tHTTP/1.1',
      'get /livez HTTP/1.1',
      'CANCEL /livez HTTP/1.1',
      '{"a":1}',
      '\u0016\u0003\u0001',
    ])
      await refusedAt(`${line}\r\nHost: a\r\n\r\n${BEHIND}`);
    await refusedAt(`GET /livez HTTP/1.1\nHost: a\n\n${BEHIND}`);
  });

  it('are refused by their chunks, with all that follows', async () => {
    await Promise.all(CHUNKS.map((chunks) => refusedAt(chunked(chunks))));
    // Those that are in order, for comparison, and small extensions, which the standard has everybody pass over.
    http.reset();
    const sound = await http.raw(
      chunked('2;a=b\r\n{}\r\n0\r\n\r\n').replace(/Host: a\r\n\r\n$/, 'Host: a\r\nConnection: close\r\n\r\n'),
    );
    expect([...sound.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).to.deep.equal(['200', '200']);
    expect(http.port.commands).to.have.length(2);
  });

  it('leave the answer of a sound request before them as it is', async () => {
    for (const behind of [
      'garbage\r\n\r\n',
      'GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
      `${CANCEL}Host: a\r\nHost: b\r\n\r\n`,
    ]) {
      http.reset();
      // Longer under way than it takes to see what follows.
      http.port.intercept = async () => {
        await sleep(50);
        return null;
      };
      const answer = await http.raw(BEHIND + behind + BEHIND);
      expect(answer, behind).to.match(/^HTTP\/1\.1 200 /);
      expect(http.port.commands, behind).to.have.length(1);
    }
  });

  it('are answered once, and whole, where their body breaks after that', async () => {
    const headOf = (text: string): string[] => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1] ?? '');
    // Refused by its query, before a byte of its body is looked at.
    const refused = `POST /v1/transactions?x HTTP/1.1\r\n${JSON_TYPE}`;
    for (const behind of ['Content-Length: 50\r\n\r\n{"it', 'Transfer-Encoding: chunked\r\n\r\n4\r\n{"it']) {
      const socket = connect(http.portNumber, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
      socket.write(refused + behind);
      await once(socket, 'data');
      socket.end();
      await once(socket, 'close');
      expect(headOf(text), text).to.deep.equal(['400']);
      expect(text).to.contain('query x');
    }
    // In one packet: the answer is still on its way when the body breaks.
    const atOnce = await http.raw(`${refused}Transfer-Encoding: chunked\r\n\r\nzz\r\n${BEHIND}`);
    expect(headOf(atOnce), atOnce).to.deep.equal(['400']);
    expect(atOnce).to.contain('query x').and.match(/\}$/);
    expect(http.port.commands).to.deep.equal([]);
  });

  it('open no tunnel and change no protocol', async () => {
    expect(await http.raw(`CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n${BEHIND}`)).to.equal('');
    expect(http.port.commands).to.deep.equal([]);
    await refusedAt(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${BEHIND}`);
    const offer = (protocol: string): string =>
      `POST /v1/transactions/${ID}/cancel HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
    for (const protocol of ['websocket', 'TLS/1.0']) {
      http.reset();
      const answer = await http.raw(offer(protocol) + BEHIND);
      expect(answer, protocol)
        .to.match(/^HTTP\/1\.1 200 /)
        .and.match(/\r\nConnection: close\r\n/i)
        .and.not.match(/\r\nUpgrade:/i);
      expect(http.port.commands, protocol).to.have.length(1);
    }
    // Some clients offer HTTP/2 with every first request: to pass over it is right (RFC 9110, 7.8), and what follows is HTTP/1.1.
    const socket = connect(http.portNumber, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.write(offer('h2c'));
    await once(socket, 'data');
    socket.write('GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await once(socket, 'close');
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).to.deep.equal(['200', '404']);
  });
});

describe('connections that do not get on', () => {
  const http = HttpFixture.forSuite({
    requestTimeoutMs: 600,
    headersTimeoutMs: 300,
    connectionsCheckingIntervalMs: 50,
    stallTimeoutMs: 1_000,
    maxConnections: 20,
  });
  afterEach(() => expect(http.logged).to.deep.equal([]));

  /** Sends a byte every 20 ms for as long as the connection lives. */
  const dribbled = async (first: string, rest: string): Promise<{ text: string; ms: number }> => {
    const socket = connect(http.portNumber, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1'))).on('error', () => {});
    const begun = performance.now();
    socket.write(first);
    let at = 0;
    const timer = setInterval(() => socket.writable && socket.write(rest[at++ % rest.length] ?? ''), 20);
    await once(socket, 'close');
    clearInterval(timer);
    return { text, ms: performance.now() - begun };
  };

  it('are given up though a byte comes every now and then', async () => {
    const post = `${CANCEL}${JSON_TYPE}`;
    const slow = await Promise.all([
      dribbled('GET /livez HTTP/1.1\r\nHost: a\r\nX: ', 'x'),
      dribbled('G', 'E'),
      dribbled(`${post}Content-Length: 100000\r\n\r\n{"reason":"`, 'x'),
      dribbled(`${post}Transfer-Encoding: chunked\r\n\r\n`, '1\r\nx\r\n'),
    ]);
    for (const { text, ms } of slow) {
      expect(text).to.match(/^HTTP\/1\.1 (?:408|400) /);
      expect(ms).to.be.lessThan(5_000);
    }
    expect(http.port.commands).to.deep.equal([]);
  });

  it('are given up where nothing comes at all', async () => {
    const socket = connect(http.portNumber, '127.0.0.1').on('error', () => {});
    socket.resume();
    const begun = performance.now();
    await once(socket, 'close');
    expect(performance.now() - begun).to.be.lessThan(5_000);
  });

  it('are closed at once beyond the bound, and taken again below it', async () => {
    let closed = 0;
    // Those of the tests before may still be kept for their next request.
    await sleep(200);
    const sockets = Array.from({ length: 60 }, () => {
      const socket = connect(http.portNumber, '127.0.0.1').on('error', () => {});
      socket.resume().once('close', () => (closed += 1));
      return socket;
    });
    await sleep(150);
    expect(closed).to.be.within(40, 59);
    for (const socket of sockets) socket.destroy();
    await sleep(100);
    expect(await http.raw('GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).to.match(/^HTTP\/1\.1 200 /);
  });

  it('answers, and lets go of, a connection that offers another protocol and stops in the middle of its body', async () => {
    const half = `POST /v1/transactions HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"it`;
    for (const ends of [true, false]) {
      const socket = connect(http.portNumber, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
      });
      socket.on('error', () => {});
      const closed = once(socket, 'close');
      if (ends) socket.end(half);
      else socket.write(half);
      await closed;
      expect(text, ends ? 'its end came' : 'nothing came').to.match(ends ? /^HTTP\/1\.1 400 / : /^HTTP\/1\.1 408 /);
    }
  });
});

describe('an answer that is not read yet', () => {
  const text = 'x'.repeat(20_000_000);
  const http = HttpFixture.forSuite({}, { metrics: async () => ({ type: 'text/plain; charset=utf-8', text }) });

  it('comes whole, and its connection ends with one of its own for what cannot be read behind it', async () => {
    const socket = connect(http.portNumber, '127.0.0.1').pause();
    socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
    await sleep(100);
    socket.write(`garbage\r\n\r\n${BEHIND}`);
    // Longer than a connection is kept for a caller that does not close its side.
    await sleep(1_300);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk)).resume();
    await once(socket, 'close');
    const [first = '', second = ''] = Buffer.concat(chunks).toString('latin1').split(text);
    expect([first.slice(0, 12), second.slice(0, 12)]).to.deep.equal(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(http.port.commands).to.deep.equal([]);
  });
});
