// Owns the proof that an instance of several processes bounds its connections, each process its own, and that nothing in its
// environment makes its parser lenient.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { until } from '../support/call.ts';
import { startCoordinator } from '../support/coordinator.ts';

describe('the connections of an instance', () => {
  it('are bounded in every process, and its parser stays strict', async () => {
    const env = { WORKERS: '2', HOLDFAST_MAX_CONNECTIONS: '20', NODE_OPTIONS: '--insecure-http-parser' };
    const coordinator = await startCoordinator({ env });
    const { hostname, port } = new URL(coordinator.url);
    const open = (): Socket => connect(Number(port), hostname).on('error', () => {});
    const lenient = open();
    let answer = '';
    lenient.on('data', (chunk) => (answer += chunk.toString('latin1')));
    lenient.write('GET /livez HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n');
    await once(lenient, 'close');
    expect(answer).to.match(/^HTTP\/1\.1 400 /);

    let closed = 0;
    const sockets = Array.from({ length: 100 }, () =>
      open()
        .resume()
        .once('close', () => (closed += 1)),
    );
    await until('what is beyond is closed', async () => closed >= 60);
    await sleep(200);
    // 40 of the two together, less what the tests' own calls keep open.
    expect(closed).to.be.within(60, 70);
    for (const socket of sockets) socket.destroy();
    await until('callers are served again', async () => {
      const ready = await coordinator.request('/readyz').catch(() => null);
      await ready?.body?.cancel();
      return ready?.status === 200;
    });
    expect(await coordinator.stop()).to.equal(0);
  });
});
