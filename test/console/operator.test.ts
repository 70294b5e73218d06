// Owns the proof of what the console is for, from end to end: a real coordinator on PostgreSQL and Redis, a real participant that is out
// of order, and an operator in a browser who gets an answer to each question within three clicks, and acts on it.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Locator, Page } from 'playwright-core';
import { transactionsOf } from '../support/branches.ts';
import { expectAccessible, needChromium, picture, type Visitor, visit } from '../support/browser.ts';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

const PATIENT = { retry: { initialMs: 3_600_000, maxMs: 3_600_000, attentionAfter: 1 } };
const SKU = 'SHOE-42/RED';
const SKU_PATH = encodeURIComponent(SKU);

describe('an operator at the console', function () {
  this.timeout(90_000);
  let postgres: TestServer;
  let redis: TestServer;
  let coordinator: CoordinatorProcess;
  let payment: ParticipantServer;
  let visitor: Visitor;
  let page: Page;
  let clicks = 0;
  const api = transactionsOf(() => coordinator);
  const click = async (target: Locator): Promise<void> => {
    clicks += 1;
    await target.click();
  };
  /** Typing and Enter: one click's worth. */
  const find = async (text: string): Promise<void> => {
    clicks += 1;
    await page.getByRole('searchbox', { name: 'Find a transaction' }).fill(text);
    await page.keyboard.press('Enter');
  };
  /** Confirmed, and its participant fails whenever it is told. */
  const stick = async (reference: string): Promise<string> => {
    const id = randomUUID();
    const json = { id, reference, items: [{ sku: SKU, quantity: 2 }], branches: [{ participant: 'payment' }] };
    expect((await api.ask('POST', '/v1/transactions', { json, headers: { prefer: 'wait=10' } })).brief).to.equal('201 TRIED');
    await api.confirm(id, 0);
    await until('it fails', async () => (await api.get(id)).body.needsAttention);
    return id;
  };

  before(async function () {
    needChromium(this);
    [postgres, redis, payment] = await Promise.all([startPostgres(), startRedis(), startParticipant()]);
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url } });
    await api.register('payment', payment, PATIENT);
    const moves: readonly (readonly [string, number])[] = [
      ['RECEIVE', 60],
      ['WRITE_OFF', 4],
      ['ADJUST', -3],
    ];
    for (const [kind, quantity] of moves) await api.ask('POST', '/v1/stock/movements', { json: { sku: SKU, kind, quantity } });
  });
  beforeEach(async () => {
    payment.behave(({ phase }) => (phase === 'try' ? 200 : { status: 503, body: 'out of order' }));
    visitor = await visit(`${coordinator.url}/console`);
    page = visitor.page;
    clicks = 0;
  });
  afterEach(() => visitor.close());
  after(async () => {
    if (coordinator === undefined) return;
    expect(await coordinator.stop()).to.equal(0);
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  it('sees live figures, and that all is well where it is', async () => {
    await page.locator('#pulse').getByText('Live', { exact: true }).waitFor();
    await page.getByText('Nothing. All is well.').waitFor();
    const chart = page.getByRole('img', { name: /^Requests, the last 2 minutes\. per second: now/ });
    await chart.waitFor();
    await page.getByRole('heading', { name: 'This instance' }).waitFor();
    await expectAccessible(page);
    await picture(page, 'real-overview');
  });

  it('learns within three clicks why a SKU is at 47', async () => {
    const json = { items: [{ sku: SKU, quantity: 6 }], reference: 'holder-1' };
    const held = await api.ask('POST', '/v1/transactions', { json });
    expect(held.brief).to.equal('201 TRIED');
    await find(SKU);
    await click(page.getByRole('link', { name: SKU, exact: true }).first());
    const sum = page.getByRole('table', { name: 'The sum that makes what is available' });
    await sum.waitFor();
    expect(clicks).to.be.at.most(3);
    const rows = await sum.getByRole('row').allInnerTexts();
    expect(rows.map((row) => row.replaceAll(/\s+/g, ' '))).to.deep.equal([
      'Received +60',
      'Written off −4',
      'Adjusted by counts −3',
      'Held by open transactions −6',
      'Available 47',
    ]);
    await page.getByRole('table', { name: 'Open transactions that hold it' }).getByText('holder-1').waitFor();
    await page.getByRole('table', { name: 'History' }).getByText('6 held').waitFor();
    await expectAccessible(page);
    await picture(page, 'real-stock');
    // It is kept true: what is sold meanwhile shows without a click.
    await api.ask('POST', `/v1/transactions/${held.body.id}/confirm`);
    await sum.getByRole('row', { name: 'Sold and not refunded −6' }).waitFor();
    await page.getByText('Nobody: no open transaction').waitFor();
  });

  it('learns within three clicks where an order is', async () => {
    const { body } = await api.ask('POST', '/v1/transactions', {
      json: { items: [{ sku: SKU, quantity: 1 }], reference: 'order-7' },
    });
    await find('order-7');
    await click(page.getByRole('link', { name: body.id.slice(-6) }));
    await page.getByText('It is held until').waitFor();
    expect(clicks).to.be.at.most(3);
    clicks = 0;
    await page.goBack();
    await find(body.id);
    await page.getByText('It is held until').waitFor();
    expect(clicks).to.equal(1);
  });

  it('learns within three clicks what is stuck, since when, why and what next; retries it, and sees that in its story', async () => {
    const id = await stick('order-8');
    await click(page.getByRole('link', { name: 'Stuck' }));
    const card = page.getByRole('listitem').filter({ hasText: 'order-8' });
    await card.getByText('needs attention').waitFor();
    expect(clicks).to.be.at.most(3);
    const text = await card.first().textContent();
    expect(text)
      .to.match(/payment failed \(\d+ attempts?; last: .*503/)
      .and.to.match(/is asked to confirm again in/)
      .and.to.match(/for (\d|less)/);
    await picture(page, 'real-stuck');
    await click(card.getByRole('link', { name: id.slice(-6) }));
    await page.getByRole('table', { name: 'Attempts to reach payment' }).getByText('503 failed').waitFor();
    await expectAccessible(page);
    payment.behave(() => 200);
    await page.getByRole('button', { name: 'Retry now' }).click();
    await page.getByLabel('Your name').fill('Ada');
    await page.getByLabel('Why').fill('payment is back');
    await page.getByRole('dialog').getByRole('button', { name: 'Retry now' }).click();
    await page.getByText('Nothing: it is done').waitFor();
    const story = page.getByRole('list').filter({ hasText: 'the basket is reserved' });
    await story.getByText('By Ada: payment is back').waitFor();
    await picture(page, 'real-transaction');
    expect((await api.get(id)).body.state).to.equal('CONFIRMED');
  });

  it('cancels what is held, by typing the end of its id', async () => {
    const { body } = await api.ask('POST', '/v1/transactions', {
      json: { items: [{ sku: SKU, quantity: 1 }], reference: 'order-9' },
    });
    await page.goto(`${coordinator.url}/console#/transactions/${body.id}`);
    await page.getByRole('button', { name: 'Cancel …' }).click();
    await page.getByLabel('Your name').fill('Ada');
    await page.getByLabel('Why').fill('the customer called');
    await page.getByLabel('To confirm').fill(body.id.slice(-6));
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the transaction' }).click();
    await page.getByText('Nothing: it is over').waitFor();
    await page.getByText('By Ada: the customer called').waitFor();
    const { state, reason } = (await api.get(body.id)).body;
    expect([state, reason]).to.deep.equal(['CANCELLED', 'requested']);
  });

  it('resolves by hand what cannot settle itself', async () => {
    const id = await stick('order-10');
    await page.goto(`${coordinator.url}/console#/transactions/${id}`);
    await page.getByRole('button', { name: 'Resolve the branch of payment' }).click();
    await page.getByLabel('It carried the confirm out').check();
    await page.getByLabel('Your name').fill('Ada');
    await page.getByLabel('Why').fill('it stands in their books');
    await page.getByLabel('To confirm').fill(id.slice(-6));
    await page.getByRole('dialog').getByRole('button', { name: 'Settle a branch by hand' }).click();
    await page.getByText('settled by an operator').waitFor();
    await page.getByText('By Ada: it stands in their books').waitFor();
    expect((await api.get(id)).body.state).to.equal('CONFIRMED');
  });

  it('sees which participant hurts', async () => {
    await page.getByRole('link', { name: 'Participants' }).click();
    const card = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'payment' }) });
    await card.getByText('failed').waitFor();
    await expectAccessible(page);
    await picture(page, 'real-participants');
  });

  it('is told that a SKU was never stocked, and shown one with a slash in its name', async () => {
    visitor.expectFaults('404');
    await page.goto(`${coordinator.url}/console#/stock/NEVER`);
    await page.getByText('unknown-sku').first().waitFor();
    await page.goto(`${coordinator.url}/console#/stock/${SKU_PATH}`);
    await page.getByRole('table', { name: 'The sum that makes' }).waitFor();
  });
});
