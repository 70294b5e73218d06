// Owns the proof that the gate and the router read a path alike: whatever way a path is written, whoever reaches a route has what that
// route needs. The gate decides by the path as it came, the router by patterns; a path that one of them read otherwise would be a way in.
import { once } from 'node:events';
import { Agent, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { chanceOf } from '../../chaos/random.ts';
import { KeyedGate } from '../../src/access/gate.ts';
import { makeKey } from '../../src/access/key.ts';
import { Keyring } from '../../src/access/keyring.ts';
import { SCOPES, type Scope } from '../../src/access/principal.ts';
import type { AppOptions } from '../../src/http/app.ts';
import type { Answered } from '../../src/http/observer.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { NO_ACCESS } from '../support/http-fixture.ts';
import { NEEDS } from '../support/needs.ts';
import { oddPath } from '../support/odd-paths.ts';
import { wholeApplication } from '../support/routes.ts';

const REQUESTS = 6_000;
/** Only administrators may, though they stand below what others may. */
const INTERVENTIONS = Object.keys(NEEDS).filter((route) => NEEDS[route] === 'admin' && route.includes('/transactions/'));
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];
const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
interface Reached {
  /** As NEEDS has it; null where no route took it. */
  readonly route: string | null;
  readonly status: number;
}

describe('the gate, before whatever way a path is written', function () {
  this.timeout(60_000);
  const keys = new Map<Scope, string>();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const answered: Answered[] = [];
  let server: Server;
  let port = 0;

  before(async () => {
    const usable = SCOPES.map((scope, index) => {
      const { id, hash, text } = makeKey(`0193b0a4-7c1e-7d00-8000-00000000000${index}`);
      keys.set(scope, text);
      return { id, hash, lineage: id, name: scope, scopes: [scope], expiresAt: null };
    });
    const keyring = new Keyring({
      store: { usable: async () => ({ now: Date.now(), everMade: true, keys: usable }) },
      onFault: () => {},
    });
    await keyring.refresh();
    const app = wholeApplication({
      access: { ...NO_ACCESS, gate: new KeyedGate(keyring, null) },
      observer: { arrived: () => {}, answered: (answer) => answered.push(answer) },
      // Behind the routes everything fails, and that is told here.
      log: { error: () => {} } as unknown as AppOptions['log'],
    });
    server = createHttpServer((incoming, response, done) => app(incoming as never, response as never, done)) as Server;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  after(async () => {
    agent.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  async function reach(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<Reached> {
    answered.length = 0;
    const status = await new Promise<number>((resolve, reject) => {
      const sent = request({ agent, host: '127.0.0.1', port, method, path, headers }, (response) => {
        const code = response.statusCode ?? 0;
        // The live figures never end by themselves.
        if (String(response.headers['content-type']).startsWith('text/event-stream')) response.destroy();
        response.resume().once('close', () => resolve(code));
      });
      sent.once('error', (error) => reject(new Error(`${method} ${path} ${JSON.stringify(headers)}: ${error}`))).end();
    });
    while (answered.length === 0 && status !== 400) await new Promise((resolve) => setImmediate(resolve));
    const [{ route = '' } = {}] = answered;
    const known = `${method === 'HEAD' ? 'GET' : method} ${route}`;
    return { route: known in NEEDS ? known : null, status };
  }

  function credential(scope: Scope | null, asCookie: boolean): Record<string, string> {
    if (scope === null) return {};
    const key = keys.get(scope) ?? '';
    return asCookie ? { cookie: `holdfast_session=${key}` } : { authorization: `Bearer ${key}` };
  }

  /** By the contract, and by what src/http/credential.ts says of the cookie. */
  function mayReach(route: string, method: string, scope: Scope | null, asCookie: boolean): boolean {
    const need = NEEDS[route];
    if (need === 'none') return true;
    if (scope === null) return false;
    const path = route.split(' ')[1] ?? '';
    const isLook = method === 'GET' || method === 'HEAD';
    if (asCookie) {
      const isRead = isLook && /^\/(?:docs|openapi\.json|problems|v1\/(?:transactions|stock|operations)|console)/.test(path);
      if (!isRead && !path.startsWith('/console')) return false;
      if (path.startsWith('/v1/')) return scope === 'operations:read' || scope === 'admin';
    }
    return need === 'any' || need === scope || scope === 'admin';
  }

  it('lets an administrator reach every route', async () => {
    for (const route of Object.keys(NEEDS)) {
      const [method = '', template = ''] = route.split(' ');
      const headers = { authorization: `Bearer ${keys.get('admin')}` };
      expect((await reach(method, template.replace(/:[a-z]+/g, ID), headers)).route).to.equal(route);
    }
  });

  it('lets nobody reach a route who has not what it needs', async () => {
    const seed = Math.floor(Math.random() * 1_000_000);
    const chance = chanceOf(seed, 'paths');
    let reached = 0;
    for (let number = 0; number < REQUESTS; number += 1) {
      // Half of them where a name behind others makes the difference.
      const [ownMethod = '', template = ''] = chance.pick(chance.happens(0.5) ? INTERVENTIONS : Object.keys(NEEDS)).split(' ');
      const path = oddPath(template, chance);
      const method = chance.happens(0.7) ? ownMethod : chance.pick(METHODS);
      const scope = chance.happens(0.1) ? null : chance.pick(SCOPES);
      const asCookie = scope !== null && chance.happens(0.25);
      const { route, status } = await reach(method, path, credential(scope, asCookie));
      if (route === null) continue;
      const what = `${method} ${path} as ${scope ?? 'nobody'}${asCookie ? ' by cookie' : ''} reached ${route} (${status})`;
      expect(mayReach(route, method, scope, asCookie), `${what}; the seed is ${seed}`).to.equal(true);
      reached += 1;
    }
    // It proves something only where some get through.
    expect(reached, `the seed is ${seed}`).to.be.above(REQUESTS / 60);
  });
});
