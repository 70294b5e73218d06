// Owns the tests of how the console's page is served, and of what its routes take: over a real socket, with nothing behind.
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { PAGE_FOLDER, readAssets } from '../../src/console/assets.ts';
import { Console } from '../../src/console/console.ts';
import type { Answered } from '../../src/http/observer.ts';
import { until } from '../support/call.ts';
import { makeFolder } from '../support/folder.ts';
import { expectGuardedData, HttpFixture, NO_ACCESS } from '../support/http-fixture.ts';

const HTML = '<!doctype html><title>here — チケット</title>';

describe('the console over HTTP', () => {
  const http = new HttpFixture();
  let folder = '';
  let operators: Console;
  const told: string[] = [];

  before(async () => {
    folder = await makeFolder();
    writeFileSync(join(folder, 'index.html'), HTML);
    writeFileSync(join(folder, 'page.js'), 'export {};');
    writeFileSync(join(folder, 'page.css'), 'body{}');
    writeFileSync(join(folder, 'notes.txt'), 'not for callers');
    operators = new Console({
      access: NO_ACCESS,
      coordinator: { submit: (command) => http.port.submit(command) },
      queries: { ...http.port, participants: async () => [], stock: async () => [] } as never,
      watch: http.watch,
      readiness: async () => http.readiness,
      details: {
        story: async () => null,
        stuck: async () => ({ items: [], next: null }),
        deadlines: async () => ({ dueNow: 0, items: [] }),
        holders: async () => ({ items: [], more: false }),
        totals: async () => [],
      },
      figures: async () => ({ at: 0, series: {} }),
      version: '1.2.3',
      now: () => 0,
      onFault: () => {},
      live: { mostListeners: 1, intervalMs: 60_000 },
      pageFolder: folder,
    });
    const observer = { arrived: () => {}, answered: ({ route, status }: Answered) => told.push(`${route} ${status}`) };
    await http.start({}, { extend: (app) => operators.addTo(app), observer });
  });
  beforeEach(() => http.reset());
  after(async () => {
    operators.close();
    await http.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Not held to the OpenAPI document, which does not describe the console. */
  const fetched = (path: string, init: RequestInit = {}) => fetch(http.base + path, { redirect: 'manual', ...init });
  const codeOf = async (response: Response) => `${response.status} ${((await response.json()) as { code: string }).code}`;

  it('is a page and its files, each with its type, under a policy that lets nothing in', async () => {
    for (const [path, type, text] of [
      ['/console', 'text/html; charset=utf-8', HTML],
      ['/console/assets/page.js', 'text/javascript; charset=utf-8', 'export {};'],
      ['/console/assets/page.css', 'text/css; charset=utf-8', 'body{}'],
    ] as const) {
      const response = await fetched(path, { headers: { accept: 'text/html,image/webp,*/*;q=0' } });
      expect([response.status, response.headers.get('content-type'), await response.text()]).to.deep.equal([200, type, text]);
      expect(response.headers.get('content-security-policy')).to.equal(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      expectGuardedData(response.headers, true);
      expect(response.headers.get('cross-origin-opener-policy')).to.equal('same-origin');
      expect(response.headers.get('cache-control')).to.equal('no-cache');
      const etag = response.headers.get('etag') ?? '';
      const again = await fetched(path, { headers: { 'if-none-match': etag } });
      expect([again.status, await again.text(), again.headers.get('etag')]).to.deep.equal([304, '', etag]);
      const head = await fetched(path, { method: 'HEAD' });
      expect([head.status, head.headers.get('content-length')]).to.deep.equal([200, String(Buffer.byteLength(text))]);
    }
    const slash = await fetched('/console/');
    expect([slash.status, slash.headers.get('location')]).to.deep.equal([308, '/console']);
    expectGuardedData(slash.headers);
  });

  it('is nothing beside what is in its folder', async () => {
    for (const path of ['notes.txt', 'index.html', 'none.js', '..%2Fassets.ts', '%2e%2e%2f%2e%2e%2fpackage.json', 'constructor'])
      expect(await codeOf(await fetched(`/console/assets/${path}`)), path).to.equal('404 not-found');
    expect(await codeOf(await fetched('/console/api/nothing'))).to.equal('404 not-found');
    expect(() => readAssets(join(folder, '..'))).to.throw('has no index.html');
    expect([...readAssets(PAGE_FOLDER).keys()]).to.include('index.html');
  });

  it('says which methods each path takes', async () => {
    const id = '0193b0a4-7c1e-7d00-8000-000000000001';
    for (const [path, allow] of [
      ['/console', 'GET, HEAD'],
      ['/console/assets/page.js', 'GET, HEAD'],
      ['/console/api/overview', 'GET, HEAD'],
      ['/console/api/live', 'GET, HEAD'],
      ['/console/api/stuck', 'GET, HEAD'],
      ['/console/api/due', 'GET, HEAD'],
      ['/console/api/participants', 'GET, HEAD'],
      ['/console/api/stock/S1', 'GET, HEAD'],
      [`/console/api/transactions/${id}`, 'GET, HEAD'],
      [`/console/api/transactions/${id}/cancel`, 'POST'],
    ] as const) {
      const response = await fetched(path, { method: 'DELETE' });
      expect([await codeOf(response), response.headers.get('allow')], path).to.deep.equal(['405 method-not-allowed', allow]);
    }
  });

  it('answers its reads to HEAD, keeps to the types it has, and takes no parameter that it does not know', async () => {
    for (const path of ['overview', 'stuck', 'due', 'participants']) {
      const head = await fetched(`/console/api/${path}`, { method: 'HEAD' });
      expect([head.status, await head.text()], path).to.deep.equal([200, '']);
      expect(await codeOf(await fetched(`/console/api/${path}?x=1`)), path).to.equal('400 invalid-request');
      const image = await fetched(`/console/api/${path}`, { headers: { accept: 'image/png' } });
      expect(await codeOf(image), path).to.equal('406 not-acceptable');
    }
    const live = await fetched('/console/api/live', { method: 'HEAD' });
    expect([live.status, live.headers.get('content-type')]).to.deep.equal([200, 'text/event-stream; charset=utf-8']);
    expect(operators.listeners).to.equal(0);
    expectGuardedData(live.headers);
  });

  it('is read by no page of another origin', async () => {
    for (const [site, expected] of [
      ['same-origin', 200],
      ['none', 200],
      ['same-site', 403],
      ['cross-site', 403],
    ] as const)
      for (const path of ['overview', 'stuck', 'due', 'participants'])
        expect(await statusOf({ path: `/console/api/${path}`, headers: { 'sec-fetch-site': site } })).to.equal(expected);
    expect(await statusOf({ path: '/console/api/live', headers: { 'sec-fetch-site': 'same-site' } })).to.equal(403);
    expect(operators.listeners).to.equal(0);
  });

  it('sends live figures to as many as may listen, and is told of as answered at once', async () => {
    const leave = new AbortController();
    const live = await fetched('/console/api/live', { headers: { accept: 'text/event-stream' }, signal: leave.signal });
    expect(live.status).to.equal(200);
    expectGuardedData(live.headers);
    expect(told.at(-1)).to.equal('/console/api/live 200');
    expect(await codeOf(await fetched('/console/api/live'))).to.equal('503 overloaded');
    const toldOf = () => told.filter((line) => line === '/console/api/live 200').length;
    const before = toldOf();
    expect(before).to.be.above(0);
    leave.abort();
    await live.text().catch(() => {});
    await until('nobody listens', async () => operators.listeners === 0);
    expect(toldOf()).to.equal(before);
  });

  it('takes an act whose Origin is where it was sent to, whatever the port goes without saying', async () => {
    const path = '/console/api/transactions/0193b0a4-7c1e-7d00-8000-000000000001/retry';
    const status = (host: string, origin: string) =>
      statusOf({ path, method: 'POST', headers: { host, origin, 'x-holdfast-console': '1', 'content-length': '0' } });
    // Past the guard: its body is missing.
    expect(await status('console.example', 'https://console.example')).to.equal(400);
    expect(await status('console.example:443', 'https://console.example')).to.equal(400);
    expect(await status('127.0.0.1:8080', 'http://127.0.0.1:8080')).to.equal(400);
    expect(await status('console.example', 'https://console.example:8443')).to.equal(403);
    expect(await status('console.example', 'https://console.example.net')).to.equal(403);
  });

  it('explains what forbidden means', async () => {
    const { body } = await http.call('GET', '/problems/forbidden', undefined, { headers: { accept: 'application/json' } });
    expect(body).to.include({ status: 403, retryable: false });
  });

  async function statusOf(options: RequestOptions): Promise<number | undefined> {
    const asked = request({ host: '127.0.0.1', port: http.portNumber, agent: false, ...options });
    asked.end();
    const [response] = await once(asked, 'response');
    response.resume();
    return response.statusCode;
  }
});
