// Owns the proof of signing in to the console, in a browser, on a real coordinator: with a key, which no script sees; as who, and with
// what that key may do; and that a page of another origin can do nothing of it.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { DESKTOP, expectAccessible, needChromium, PHONE, picture, type Visitor, visit } from '../support/browser.ts';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { atTheEnd } from '../support/end.ts';
import { askWith, type MadeKey, makeKeyOver, NO_REDIS } from '../support/keys.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const COOKIE = 'holdfast_session';

describe('signing in to the console', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;
  let admin: MadeKey;
  let reader: MadeKey;
  let visitor: Visitor;
  let page: Page;
  const asAdmin = askWith(
    () => coordinator,
    () => admin.key,
  );

  before(async function () {
    needChromium(this);
    postgres = await startPostgres();
    coordinator = await startCoordinator({
      env: { DATABASE_URL: postgres.url, REDIS_URL: NO_REDIS, HOLDFAST_PARTICIPANT_ALLOW: '127.0.0.0/8' },
    });
    admin = await makeKeyOver(
      askWith(
        () => coordinator,
        () => null,
      ),
      'Ada Admin',
      ['admin'],
    );
    reader = await makeKeyOver(asAdmin, 'Rita Reader', ['operations:read']);
    await asAdmin('POST', '/v1/stock/movements', { sku: 'SKU-1', kind: 'RECEIVE', quantity: 10 });
    await asAdmin('PUT', '/v1/participants/payment', { url: 'http://127.0.0.1:1' });
  });
  after(async () => {
    if (coordinator === undefined) return;
    expect(await coordinator.stop()).to.equal(0);
    await postgres.stop();
  });
  afterEach(() => visitor.close());

  async function open(scheme: 'light' | 'dark' = 'light'): Promise<void> {
    visitor = await visit('about:blank', { colorScheme: scheme, viewport: scheme === 'dark' ? PHONE : DESKTOP });
    page = visitor.page;
    // What the browser says of every answer that is an error.
    visitor.expectFaults('status of 401');
    await page.goto(`${coordinator.url}/console`);
  }
  async function signIn(key: string): Promise<void> {
    await page.getByLabel('API key or token').fill(key);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }
  async function signedIn(key: MadeKey, hash = ''): Promise<void> {
    await open();
    await signIn(key.key);
    await page.locator('#who').waitFor();
    if (hash !== '') await page.goto(`${coordinator.url}/console${hash}`);
  }
  async function hold(): Promise<string> {
    const id = randomUUID();
    expect((await asAdmin('POST', '/v1/transactions', { id, items: [{ sku: 'SKU-1', quantity: 1 }] })).status).to.equal(201);
    return id;
  }

  for (const scheme of ['light', 'dark'] as const)
    it(`asks for a key, by a page without a script that is fit for everybody (${scheme})`, async () => {
      await open(scheme);
      const response = await page.reload();
      expect(response?.status()).to.equal(401);
      const policy = response?.headers()['content-security-policy'] ?? '';
      expect(policy).to.include("default-src 'none'").and.include("frame-ancestors 'none'").and.include("form-action 'self'");
      expect(policy).not.to.match(/script-src|unsafe/);
      expect(response?.headers()).to.include({ 'x-frame-options': 'DENY', 'cache-control': 'no-store' });
      expect(await page.locator('script').count()).to.equal(0);
      expect(await page.evaluate('document.activeElement.name')).to.equal('key');
      await expectAccessible(page);
      await picture(page, `sign-in-${scheme}`);
    });

  it('tells what is wrong with a key, and takes a good one into a cookie that no script sees', async () => {
    const narrow = await makeKeyOver(asAdmin, 'narrow', ['stock:read']);
    await open();
    visitor.expectFaults('status of 403');
    await signIn('let me in');
    await page.getByRole('alert').getByText('That is no key.').waitFor();
    await signIn(`${admin.key.slice(0, -4)}0000`);
    await page.getByRole('alert').getByText('The key is not good here, or no longer.').waitFor();
    await expectAccessible(page);
    await signIn(narrow.key);
    await page.getByRole('alert').getByText('has not the scope operations:read').waitFor();
    expect(await page.context().cookies()).to.deep.equal([]);
    await signIn(` ${admin.key} `);
    await page.getByText('Signed in as Ada Admin').waitFor();
    expect(page.url()).to.equal(`${coordinator.url}/console`);
    const [cookie, ...others] = await page.context().cookies();
    expect(others).to.deep.equal([]);
    expect(cookie).to.include({ name: COOKIE, value: admin.key, httpOnly: true, sameSite: 'Strict', secure: false, path: '/' });
    expect(cookie?.expires).to.be.within(Date.now() / 1000, Date.now() / 1000 + 43_200);
    expect(await page.evaluate('document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })')).to.equal('{}');
    expect(await page.content()).not.to.include(admin.key);
    await expectAccessible(page);
  });

  it('acts in the name of the key, and not in a typed one', async () => {
    const id = await hold();
    await signedIn(admin, `#/transactions/${id}`);
    await page.getByRole('button', { name: 'Cancel …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('As Ada Admin, which stands in the history.').waitFor();
    expect(await dialog.getByLabel('Your name').count()).to.equal(0);
    await dialog.getByLabel('Why').fill('the customer called');
    await dialog.getByLabel(/To confirm/).fill(id.slice(-6));
    await dialog.getByRole('button', { name: 'Cancel the transaction' }).click();
    await dialog.waitFor({ state: 'hidden' });
    const { items } = (await asAdmin('GET', `/v1/audit?subject=${id}`)).body;
    expect(items.map(({ act, actor, note }: Record<string, unknown>) => ({ act, actor, note }))).to.deep.equal([
      { act: 'transaction.cancel', actor: { kind: 'key', id: admin.id, name: 'Ada Admin' }, note: 'the customer called' },
    ]);
  });

  it('shows all to a key that may look alone, which can act neither by a button nor past it', async () => {
    const id = await hold();
    await signedIn(reader);
    await page.getByText('Signed in as Rita Reader, to look').waitFor();
    const refused: string[] = [];
    page.on('response', (response) => response.status() >= 400 && refused.push(`${response.status()} ${response.url()}`));
    for (const [hash, shown] of [
      ['#/overview', 'This instance'],
      ['#/search', id.slice(-6)],
      ['#/stock', 'SKU-1'],
      ['#/stock/SKU-1', 'Available'],
      ['#/stuck', 'Nothing'],
      ['#/participants', 'payment'],
      [`#/transactions/${id}`, 'It is held until'],
    ] as const) {
      await page.evaluate(`location.hash = '${hash}'`);
      await page.locator('#main').getByText(shown).first().waitFor();
      expect(await page.getByRole('alert').count(), hash).to.equal(0);
    }
    await page.locator('#pulse').getByText('Live', { exact: true }).waitFor();
    expect(refused).to.deep.equal([]);
    expect(await page.getByRole('button', { name: 'Cancel …' }).isDisabled()).to.equal(true);
    visitor.expectFaults('status of 403');
    const past = `fetch('/console/api/transactions/${id}/cancel', { method: 'POST', body: '{"note":"x"}',
      headers: { 'content-type': 'application/json', 'x-holdfast-console': '1' } }).then(({ status }) => status)`;
    expect(await page.evaluate(past)).to.equal(403);
    // Nor does the cookie stand for the key outside the console.
    visitor.expectFaults('status of 401');
    expect(
      await page.evaluate(`fetch('/v1/transactions/${id}/cancel', { method: 'POST' }).then(({ status }) => status)`),
    ).to.equal(401);
    expect((await asAdmin('GET', `/v1/transactions/${id}`)).body.state).to.equal('TRIED');
  });

  it('has its buttons disabled also where a view is faster than the word who looks', async () => {
    const id = await hold();
    await signedIn(reader);
    let letGo = (): void => undefined;
    await page.route('**/console/api/session', async (route) => {
      await new Promise<void>((resolve) => (letGo = resolve));
      await route.continue();
    });
    await page.goto(`${coordinator.url}/console#/transactions/${id}`);
    await page.reload();
    const button = page.getByRole('button', { name: 'Cancel …' });
    await button.waitFor();
    letGo();
    await page.locator('#who').waitFor();
    expect(await button.isDisabled()).to.equal(true);
  });

  it('ends by signing out', async () => {
    await signedIn(reader);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key or token').waitFor();
    expect(await page.context().cookies()).to.deep.equal([]);
    await page.goBack().catch(() => null);
    await page.getByLabel('API key or token').waitFor();
  });

  it('ends with the key, while the page is open: its stream ends, and it asks for another', async () => {
    const doomed = await makeKeyOver(asAdmin, 'doomed', ['operations:read']);
    // A view that asks for nothing by itself.
    await signedIn(doomed, '#/search');
    await page.locator('#pulse').getByText('Live', { exact: true }).waitFor();
    expect((await asAdmin('DELETE', `/v1/keys/${doomed.id}`)).status).to.equal(204);
    await page.getByLabel('API key or token').waitFor({ timeout: 8_000 });
  });

  // By the other name it is another site. By the same one it is the same site, on another port: the browser sends the cookie along.
  for (const host of ['127.0.0.1', 'localhost'])
    it(`lets a page of another origin neither act, nor read, nor frame it, nor sign anybody in or out (${host})`, async () => {
      const id = await hold();
      await signedIn(admin);
      const other = await startOther();
      await page.goto(other.url.replace('127.0.0.1', host));
      visitor.expectFaults(coordinator.url);
      visitor.expectFaults('Failed to load resource');
      const cancel = `${coordinator.url}/console/api/transactions/${id}/cancel`;
      const tried = (await page.evaluate(`Promise.all([
      ['${cancel}', { method: 'POST', mode: 'no-cors', body: '{"note":"x"}' }],
      ['${cancel}', { method: 'POST', body: '{"note":"x"}', headers: { 'content-type': 'application/json', 'x-holdfast-console': '1' } }],
      ['${coordinator.url}/v1/transactions/${id}/cancel', { method: 'POST', mode: 'no-cors' }],
      ['${coordinator.url}/console/session', { method: 'DELETE' }],
      ['${coordinator.url}/console/session', { method: 'POST', mode: 'no-cors', body: new URLSearchParams({ key: '${reader.key}' }) }],
      ['${coordinator.url}/console/api/overview', {}],
      ['${coordinator.url}/v1/transactions/${id}', {}],
      ['${coordinator.url}/v1/stock', { mode: 'no-cors' }],
    ].map(([url, options]) => fetch(url, { credentials: 'include', ...options }).then(
      async (answer) => answer.type + ' ' + (await answer.text()), () => 'kept away')))`)) as string[];
      for (const one of tried) expect(one).to.match(/^(kept away|opaque )$/);
      for (const source of ['/console', '/console/api/overview', '/docs']) {
        await page.evaluate(`(() => { const frame = document.createElement('iframe');
        frame.src = '${coordinator.url}${source}'; document.body.replaceChildren(frame); })()`);
        const framed = () => page.frames().flatMap((frame) => (frame === page.mainFrame() ? [] : [frame.url()]));
        await until(`${source} is refused`, async () => framed().join() === 'chrome-error://chromewebdata/', 5_000);
      }
      expect((await asAdmin('GET', `/v1/transactions/${id}`)).body.state).to.equal('TRIED');
      const cookies = async () => (await page.context().cookies()).map(({ value }) => value);
      expect(await cookies()).to.deep.equal([admin.key]);
      // By a form that leads there, as whoever the other page likes.
      const [answer] = await Promise.all([
        page.waitForResponse(`${coordinator.url}/console/session`),
        page.evaluate(`(() => { document.body.innerHTML = '<form method="post" action="${coordinator.url}/console/session"><input name="key" value="${reader.key}"></form>';
        document.forms[0].submit(); })()`),
      ]);
      expect([answer.status(), await cookies()]).to.deep.equal([403, [admin.key]]);
      await other.stop();
    });

  async function startOther(): Promise<{ readonly url: string; stop(): Promise<void> }> {
    const server = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<!doctype html><body>'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const stop = async (): Promise<void> => {
      server.closeAllConnections();
      server.close();
    };
    atTheEnd(stop);
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop };
  }
});
