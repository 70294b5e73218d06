// Owns the tests of how the command line fares with servers that are not what they should be.
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { CoordinatorClient, coordinatorUrl } from '../../src/cli/coordinator-client.ts';
import { EXIT, Failure } from '../../src/cli/failure.ts';
import { inspect } from '../../src/cli/inspect.ts';
import { showStock } from '../../src/cli/stock.ts';
import { paintFor } from '../../src/cli/text.ts';

const plain = paintFor({}, {});
const servers: Server[] = [];

async function listening(server: Server): Promise<URL> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}
const serving = async (listener: RequestListener): Promise<CoordinatorClient> =>
  new CoordinatorClient(await listening(createServer(listener)));
const answering = (status: number, body: string, headers = {}): Promise<CoordinatorClient> =>
  serving((_request, response) => response.writeHead(status, headers).end(body));

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('a client command', () => {
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  for (const { title, status, body, exitCode } of [
    { title: 'another kind of server', status: 404, body: '<html>', exitCode: EXIT.failed },
    { title: 'a redirect', status: 302, body: '', exitCode: EXIT.failed },
    { title: 'a page where JSON should be', status: 200, body: '<html>', exitCode: EXIT.failed },
    { title: 'JSON of another kind', status: 200, body: '[1]', exitCode: EXIT.failed },
    { title: 'null', status: 200, body: 'null', exitCode: EXIT.failed },
    { title: 'a proxy without its coordinator', status: 502, body: '<html>', exitCode: EXIT.unreachable },
    {
      title: 'a coordinator that is not ready',
      status: 503,
      body: '{"code":"overloaded","detail":"Busy."}',
      exitCode: EXIT.unreachable,
    },
    { title: 'a caller who may not', status: 403, body: '{"code":"forbidden","detail":"No."}', exitCode: EXIT.failed },
    { title: 'a path that is none', status: 404, body: '{"code":"not-found","detail":"No."}', exitCode: EXIT.failed },
    { title: 'a problem that is none', status: 404, body: '{"code":{},"detail":[]}', exitCode: EXIT.failed },
  ]) {
    it(`ends with ${exitCode} at ${title}`, async () => {
      const client = await answering(status, body, { location: 'http://127.0.0.1:1/' });
      const failure = await failureOf(showStock(client, 'A', { limit: 1 }, plain));
      expect(failure.exitCode).to.equal(exitCode);
      expect(failure.message).to.match(/\S/).and.not.to.include('\n');
    });
  }

  it('ends with 5 where the connection breaks before or in the answer, or speaks another language', async () => {
    const breaks: ((socket: Socket) => void)[] = [
      (socket) => socket.destroy(),
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"sku"'),
      (socket) => socket.end('-ERR unknown command\r\n'),
    ];
    for (const end of breaks) {
      const url = await listening(createTcpServer((socket) => socket.once('data', () => end(socket)).on('error', () => {})));
      expect(await failureOf(new CoordinatorClient(url).get('/'))).to.include({ exitCode: EXIT.unreachable });
    }
  });

  it('does not take an answer without end into memory', async () => {
    const client = await serving((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(1024 * 1024, ' ')));
      };
      response.on('drain', more);
      more();
    });
    expect(await failureOf(client.get('/'))).to.include({ exitCode: EXIT.failed });
  });

  it('stops sending where the answer comes before the end of the body', async () => {
    const client = await serving((_request, response) =>
      response.writeHead(400).end('{"code":"invalid-request","detail":"No header."}'),
    );
    const endless = new Readable({ read: () => setTimeout(() => endless.push('x'.repeat(65_536)), 1) });
    const failure = await failureOf(client.post('/', 'text/csv', endless));
    expect(failure).to.include({ exitCode: EXIT.failed, message: 'No header. [invalid-request]' });
    expect(endless.destroyed).to.equal(true);
  });

  it('says so where what it sends cannot be read to its end', async () => {
    const client = await serving((request) => request.resume());
    const broken = new Readable({ read: () => broken.destroy(new Error('the disk is gone')) });
    const failure = await failureOf(client.post('/', 'text/csv', broken));
    expect(failure).to.include({ exitCode: EXIT.failed, message: 'What is sent cannot be read: the disk is gone.' });
  });

  it('keeps the path of its URL, and a name with its slashes and dots', async () => {
    const paths: (string | undefined)[] = [];
    const url = await listening(createServer((request, response) => response.end(String(paths.push(request.url)))));
    const client = new CoordinatorClient(new URL('/behind/proxy/', url));
    for (const sku of ['a/b', '..', '?x#y']) await failureOf(showStock(client, sku, { limit: 1 }, plain));
    expect(paths).to.deep.equal(['/behind/proxy/v1/stock/a%2Fb', '/behind/proxy/v1/stock/..', '/behind/proxy/v1/stock/%3Fx%23y']);
  });

  it('shows what a hostile coordinator says with its control characters escaped', async () => {
    const evil = '\u001b]0;x\u0007\u009b2J\u202e\n';
    const item = { sku: evil, warehouse: evil, quantity: 1, state: evil, deducted: 0, refunded: 0 };
    const branch = { id: evil, participant: evil, state: evil, attempts: 1, nextAttemptAt: evil, lastError: evil };
    const event = { at: evil, event: evil, from: evil, to: evil, detail: { [evil]: evil, items: [item, evil] } };
    const times = { createdAt: evil, expiresAt: evil, updatedAt: evil };
    const whole = {
      id: evil,
      state: evil,
      reason: evil,
      note: evil,
      needsAttention: true,
      reference: evil,
      metadata: { [evil]: evil },
    };
    const client = await answering(
      200,
      JSON.stringify({ ...whole, ...times, items: [item], branches: [branch], history: [event] }),
    );
    for (const asJson of [false, true]) {
      const { text } = await inspect(client, 'x', asJson, plain);
      expect(text)
        .to.include('\\u001b')
        .and.not.to.match(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
    }
  });

  it('counts time by the coordinator’s clock where that is another', async () => {
    const stock = { sku: 'A', available: 0, reserved: 0, deducted: 0, warehouses: [] };
    const far = await answering(200, JSON.stringify(stock), { date: 'Sun, 22 Nov 2020 08:00:00 GMT' });
    expect((await far.get('/')).nowMs).to.equal(Date.UTC(2020, 10, 22, 8));
    const near = await answering(200, JSON.stringify(stock));
    expect((await near.get('/')).nowMs).to.be.closeTo(Date.now(), 1_000);
  });
});

describe('the coordinator’s URL', () => {
  it('is that of the option, else of HOLDFAST_URL, else the default', () => {
    expect(coordinatorUrl('https://a.example', { HOLDFAST_URL: 'http://b.example' }).href).to.equal('https://a.example/');
    expect(coordinatorUrl(undefined, { HOLDFAST_URL: 'http://b.example/x' }).href).to.equal('http://b.example/x');
    for (const env of [{}, { HOLDFAST_URL: '' }]) expect(coordinatorUrl(undefined, env).href).to.equal('http://127.0.0.1:8080/');
  });

  it('is refused without being repeated where it is none, or holds a password', () => {
    for (const url of ['', 'ftp://secret', 'http://', 'secret', 'http://me:secret@host', 'http://secret host']) {
      expect(() => coordinatorUrl(url, {}))
        .to.throw(Failure, /^--url must be/)
        .with.property('message')
        .not.includes('secret');
    }
    expect(() => coordinatorUrl(undefined, { HOLDFAST_URL: 'x' })).to.throw(Failure, /^HOLDFAST_URL must be/);
  });
});
