// Owns the proof of signing in to the console, in a browser: who has no key sees a form and nothing else, who may only look cannot act,
// a key that is revoked ends what is open, and no other page can do anything in an operator's name.

import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { expectAccessible, needChromium, PHONE, visit } from '../support/browser.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

interface Made {
  readonly id: string;
  readonly key: string;
}

describe('signing in to the console', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;
  let admin: Made;
  let looker: Made;
  let elsewhere: Server;
  let otherPage = '';
  const id = randomUUID();

  before(async function () {
    needChromium(this);
    postgres = await startPostgres();
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, HOLDFAST_PARTICIPANT_ALLOW: '127.0.0.0/8' } });
    admin = await make('boss', ['admin']);
    looker = await make('looker', ['operations:read']);
    const headers = { authorization: `Bearer ${admin.key}` };
    await coordinator.request('/v1/stock/movements', { json: { sku: 'SHOE', kind: 'RECEIVE', quantity: 9 }, headers });
    await coordinator.request('/v1/transactions', {
      json: { id, reference: 'order-1', items: [{ sku: 'SHOE', quantity: 2 }] },
      headers,
    });
    elsewhere = createServer((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(otherPage));
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    elsewhere?.closeAllConnections();
    elsewhere?.close();
    if (coordinator === undefined) return;
    expect(await coordinator.stop()).to.equal(0);
    await postgres.stop();
  });

  async function make(name: string, scopes: readonly string[]): Promise<Made> {
    const headers = admin === undefined ? {} : { authorization: `Bearer ${admin.key}` };
    return (await (await coordinator.request('/v1/keys', { json: { name, scopes }, headers })).json()) as Made;
  }

  async function signIn(page: Page, key: string): Promise<void> {
    await page.getByLabel('API key or token').fill(key);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  async function signedIn(key: string) {
    const visitor = await visit(`${coordinator.url}/console`);
    // The browser tells of every 401 as an error.
    visitor.expectFaults('401');
    visitor.takeFaults();
    await signIn(visitor.page, key);
    await visitor.page.getByRole('heading', { level: 1 }).waitFor();
    return visitor;
  }

  it('is asked for first, on a page that holds nothing else', async () => {
    for (const options of [{ colorScheme: 'light' }, { colorScheme: 'dark', viewport: PHONE }] as const) {
      const visitor = await visit(`${coordinator.url}/console`, options);
      visitor.expectFaults('401');
      visitor.takeFaults();
      await visitor.page.getByLabel('API key or token').waitFor();
      await expectAccessible(visitor.page);
      expect(await visitor.page.locator('script').count()).to.equal(0);
      await signIn(visitor.page, 'hf_nonsense');
      await visitor.page.getByRole('alert').waitFor();
      expect(await visitor.page.getByRole('alert').textContent()).to.contain('not good');
      await signIn(visitor.page, 'not a key');
      expect(await visitor.page.getByRole('alert').textContent()).to.contain('no key');
      expect(await visitor.page.context().cookies()).to.deep.equal([]);
      await visitor.close();
    }
  });

  it('opens it, by a cookie that no script reads, and acts under the name of the key', async () => {
    const visitor = await signedIn(admin.key);
    const { page } = visitor;
    await page.getByText('Signed in as boss').waitFor();
    const [cookie] = await page.context().cookies();
    expect(cookie).to.deep.include({ httpOnly: true, sameSite: 'Strict', path: '/' });
    expect(await page.evaluate('document.cookie')).to.equal('');
    await page.goto(`${coordinator.url}/console#/transactions/${id}`);
    await page.getByRole('button', { name: 'Cancel …' }).click();
    expect(await page.getByLabel('Your name').count()).to.equal(0);
    await page.getByText('As boss,').waitFor();
    await page.getByLabel('Why').fill('ordered twice');
    await page.getByLabel('To confirm').fill(id.slice(-6));
    await page.getByRole('button', { name: 'Cancel the transaction' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const story = await (
      await coordinator.request(`/v1/transactions/${id}`, { headers: { authorization: `Bearer ${admin.key}` } })
    ).json();
    expect(JSON.stringify(story)).to.contain('"by":"boss"').and.to.contain('"state":"CANCELLED"');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key or token').waitFor();
    expect(await page.context().cookies()).to.deep.equal([]);
    await visitor.close();
  });

  it('shows everything to who may look, and lets them do nothing', async () => {
    const headers = { authorization: `Bearer ${admin.key}` };
    const open = randomUUID();
    await coordinator.request('/v1/transactions', {
      json: { id: open, reference: 'order-2', items: [{ sku: 'SHOE', quantity: 1 }] },
      headers,
    });
    const visitor = await signedIn(looker.key);
    const { page } = visitor;
    await page.getByText('Signed in as looker, to look').waitFor();
    for (const view of ['search?q=order-2', 'stock/SHOE', 'stock', 'stuck', 'participants', `transactions/${open}`]) {
      await page.goto(`${coordinator.url}/console#/${view}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle').catch(() => {});
      expect(await page.getByText('forbidden').count(), view).to.equal(0);
      expect(await page.getByText('unauthenticated').count(), view).to.equal(0);
    }
    const cancel = page.getByRole('button', { name: 'Cancel …' });
    await cancel.waitFor();
    expect(await cancel.isDisabled()).to.equal(true);
    visitor.expectFaults('403');
    const told = await page.evaluate(async (path) => {
      const answer = await fetch(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-holdfast-console': '1' },
        body: '{"note":"x"}',
      });
      return answer.status;
    }, `/console/api/transactions/${open}/cancel`);
    expect(told).to.equal(403);
    await visitor.close();
  });

  it('is asked for again once the key is revoked, without anybody doing anything', async () => {
    const brief = await make('brief', ['operations:read']);
    const visitor = await signedIn(brief.key);
    await visitor.page.getByText('Live', { exact: true }).waitFor();
    await coordinator.request(`/v1/keys/${brief.id}`, { method: 'DELETE', headers: { authorization: `Bearer ${admin.key}` } });
    // The stream ends within a second or so; what is asked for next is refused, and the page asks for a key.
    await visitor.page
      .getByText('Stale', { exact: false })
      .or(visitor.page.getByLabel('API key or token'))
      .first()
      .waitFor({ timeout: 20_000 });
    await visitor.page.goto(`${coordinator.url}/console#/stuck`);
    await visitor.page.reload();
    await visitor.page.getByLabel('API key or token').waitFor();
    await visitor.close();
  });

  it('cannot be used, framed or done by a page from elsewhere', async () => {
    const visitor = await signedIn(admin.key);
    const { page } = visitor;
    const headers = { authorization: `Bearer ${admin.key}` };
    const target = randomUUID();
    await coordinator.request('/v1/transactions', { json: { id: target, items: [{ sku: 'SHOE', quantity: 1 }] }, headers });
    const { port } = elsewhere.address() as AddressInfo;
    const base = coordinator.url;
    // Everything that a page can send without being asked for leave first, and what it can only try.
    otherPage = `<!doctype html><title>elsewhere</title><iframe src="${base}/console"></iframe>
      <form id="sign" method="post" action="${base}/console/session" target="frame"><input name="key" value="${looker.key}"></form>
      <form id="cancel" method="post" action="${base}/v1/transactions/${target}/cancel" target="frame"></form><iframe name="frame"></iframe>
      <script>
        const tries = [
          fetch('${base}/v1/transactions', { credentials: 'include' }).then((answer) => answer.text()),
          fetch('${base}/console/api/overview', { credentials: 'include' }).then((answer) => answer.text()),
          fetch('${base}/v1/transactions/${target}/cancel', { method: 'POST', mode: 'no-cors', credentials: 'include' }).then(() => 'opaque'),
          fetch('${base}/console/api/transactions/${target}/cancel', { method: 'POST', credentials: 'include', headers: { 'x-holdfast-console': '1', 'content-type': 'application/json' }, body: '{"note":"x"}' }).then((answer) => answer.text()),
        ];
        window.told = Promise.allSettled(tries).then((all) => all.map(({ status, value }) => status === 'fulfilled' ? value : 'refused'));
        document.getElementById('sign').submit();
        document.getElementById('cancel').submit();
      </script>`;
    visitor.expectFaults('');
    await page.goto(`http://localhost:${port}/`);
    const told = await page.evaluate('window.told');
    expect(told).to.deep.equal(['refused', 'refused', 'refused', 'refused']);
    await page.waitForTimeout(500);
    const framed = page.frames().find((frame) => frame.url().includes('/console'));
    expect(
      (await framed
        ?.getByLabel('API key or token')
        .count()
        .catch(() => 0)) ?? 0,
      'the console in a frame',
    ).to.equal(0);
    const still = (await (await coordinator.request(`/v1/transactions/${target}`, { headers })).json()) as { state: string };
    expect(still.state).to.equal('TRIED');
    const [cookie] = await page.context().cookies(base);
    expect(cookie?.value, 'nobody was signed in as somebody else').to.equal(admin.key);
    await visitor.close();
  });
});
