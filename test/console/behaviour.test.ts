// Owns the tests of how the console's page behaves where things do not go as they should, and for who has no mouse.
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { needChromium, type Visitor, visit } from '../support/browser.ts';
import { until } from '../support/call.ts';
import { SKU, TRANSACTION_ID, transactionStory } from '../support/console-fixtures.ts';
import { type Answered, problemAnswer, type StandIn, startStandIn } from '../support/console-stand-in.ts';
import { overview } from '../support/console-standing.ts';

const STORY = `GET /console/api/transactions/${TRANSACTION_ID}`;
const focused = (page: Page): Promise<string> =>
  page.evaluate('document.activeElement.textContent.trim() || document.activeElement.name || document.activeElement.id');

describe('the console’s page', function () {
  this.timeout(60_000);
  let standIn: StandIn;
  let visitor: Visitor;
  let page: Page;
  const noted: string[] = [];
  const open = async (hash: string): Promise<void> => {
    visitor = await visit(`${standIn.url}/console${hash}`);
    page = visitor.page;
  };

  before(async function () {
    needChromium(this);
    standIn = await startStandIn();
  });
  afterEach(async () => {
    await visitor.close();
    standIn.reset();
  });

  it('tells an error with its code, and shows what was asked for once it is tried again', async () => {
    let isDown = true;
    standIn.answer(STORY, () => (isDown ? problemAnswer(503, 'database-unavailable', 'Later.') : { body: transactionStory() }));
    await open('#/overview');
    visitor.expectFaults('503');
    await page.evaluate(`location.hash = '#/transactions/${TRANSACTION_ID}'`);
    await page.getByRole('alert').getByText('database-unavailable').waitFor();
    isDown = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('payment is asked to confirm again').waitFor();
    expect(await page.getByRole('alert').count()).to.equal(0);
  });

  it('keeps what it showed where a later answer fails, and says so', async () => {
    await open('#/overview');
    await page.getByText('1 transaction needs an operator').waitFor();
    visitor.expectFaults('500');
    standIn.answer('GET /console/api/overview', () => problemAnswer(500, 'internal-error', 'An unforeseen fault.'));
    await page.getByText('internal-error').waitFor();
    expect(await page.getByText('1 transaction needs an operator').count()).to.equal(1);
  });

  it('drops the answer of a view that was left', async () => {
    let answerLate: (answered: Answered) => void = () => undefined;
    standIn.answer(STORY, () => new Promise((resolve) => (answerLate = resolve)));
    await open(`#/transactions/${TRANSACTION_ID}`);
    await page.locator('.skeleton').first().waitFor();
    await page.getByRole('link', { name: 'Participants' }).click();
    await page.getByRole('heading', { name: 'coupon' }).waitFor();
    answerLate({ body: transactionStory() });
    await page.getByRole('link', { name: 'Overview', exact: true }).click();
    await page.getByText('1 transaction needs an operator').waitFor();
    expect(await page.getByRole('heading', { name: 'Story' }).count()).to.equal(0);
  });

  it('says since when the live figures are stale, and listens again by itself', async () => {
    await open('#/overview');
    const pulse = page.locator('#pulse');
    await pulse.getByText('Live', { exact: true }).waitFor();
    visitor.expectFaults('503');
    visitor.expectFaults('ERR_');
    standIn.breakStreams();
    await pulse.getByText('Stale since').waitFor();
    standIn.reset();
    await pulse.getByText('Live', { exact: true }).waitFor({ timeout: 20_000 });
    expect(standIn.listeners()).to.equal(1);
  });

  it('shows markup in data as text', async () => {
    const markup = '<img src=x onerror="document.title=1"><b>bold</b>';
    const story = transactionStory();
    standIn.answer(STORY, () => ({
      body: { ...story, next: markup, transaction: { ...story.transaction, note: markup, reference: markup } },
    }));
    await open(`#/transactions/${TRANSACTION_ID}`);
    await page.locator('.next').getByText(markup).waitFor();
    expect(await page.locator('main img, main b').count()).to.equal(0);
  });

  it('reads a list page by page, by its cursor', async () => {
    const item = (n: number) => ({
      ...transactionStory().transaction,
      id: `0193b0a4-7c1e-7d00-8000-${String(n).padStart(12, '0')}`,
    });
    standIn.answer('GET /v1/transactions', ({ url }) => {
      const isFirst = url.searchParams.get('cursor') === null;
      return { body: { items: isFirst ? [item(1), item(2)] : [item(3)], nextCursor: isFirst ? 'next' : null } };
    });
    await open('#/search');
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.getByRole('link', { name: '000003' }).waitFor();
    expect(await page.getByRole('row').count()).to.equal(4);
    expect(await focused(page), 'the first of the new ones').to.contain('000003');
    await page.getByLabel('State').selectOption('CONFIRMED');
    await page.getByLabel('Needs attention').check();
    await page.waitForURL(/state=CONFIRMED&attention=true/);
    expect(await focused(page)).to.equal('attention');
    expect(standIn.asked.filter((line) => line.startsWith('GET /v1/transactions')).at(-1)).to.contain(
      'state=CONFIRMED&needsAttention=true',
    );
  });

  it('is walked by keyboard: skip link, box, views, headings that take the focus', async () => {
    await open('#/overview');
    await page.getByText('1 transaction needs an operator').waitFor();
    await page.keyboard.press('Tab');
    expect(await focused(page)).to.equal('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).to.equal('main');
    await page.keyboard.press('Tab');
    expect(await focused(page)).to.equal('1 transaction needs an operator');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Stuck & due' }).waitFor();
    expect(await focused(page)).to.equal('Stuck & due');
    await page.keyboard.press('/');
    expect(await focused(page)).to.equal('q');
    await page.keyboard.type(TRANSACTION_ID);
    await page.keyboard.press('Enter');
    await page.getByText('payment is asked to confirm again').waitFor();
    expect(await focused(page)).to.contain(TRANSACTION_ID);
  });

  it('asks for a name, a reason and the end of the id before it resolves, and Escape leaves it all as it was', async () => {
    const sent: unknown[] = [];
    standIn.answer(`POST /console/api/transactions/${TRANSACTION_ID}/resolve`, ({ body }) => {
      sent.push(body);
      return { body: {} };
    });
    await open(`#/transactions/${TRANSACTION_ID}`);
    const button = page.getByRole('button', { name: 'Resolve the branch of payment' });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').count()).to.equal(0);
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).to.equal('Resolve the branch of payment');
    await button.click();
    await page.getByLabel('It carried the confirm out').check();
    await page.getByLabel('Your name').fill('Ada');
    await page.getByLabel('Why').fill('payment has it in its books');
    await page.getByLabel('To confirm').fill('wrong!');
    await page.keyboard.press('Enter');
    await page.getByText('not-confirmed').waitFor();
    await page.getByLabel('To confirm').fill(TRANSACTION_ID.slice(-6));
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const branchId = transactionStory().branches[0]?.id;
    expect(sent).to.deep.equal([{ by: 'Ada', branchId, as: 'CONFIRMED', note: 'payment has it in its books' }]);
    await page.getByText('The branch is settled').waitFor({ state: 'attached' });
    await button.click();
    expect(await page.getByLabel('Your name').inputValue(), 'remembered').to.equal('Ada');
  });

  it('tells why an act was refused, and keeps what was written', async () => {
    standIn.answer(`POST /console/api/transactions/${TRANSACTION_ID}/retry`, () =>
      problemAnswer(409, 'invalid-transition', 'It is over.'),
    );
    await open(`#/transactions/${TRANSACTION_ID}`);
    visitor.expectFaults('409');
    await page.getByRole('button', { name: 'Retry now' }).click();
    await page.getByLabel('Your name').fill('Ada');
    await page.getByRole('dialog').getByRole('button', { name: 'Retry now' }).click();
    await page.getByRole('dialog').getByText('invalid-transition').waitFor();
    expect(await page.getByLabel('Your name').inputValue()).to.equal('Ada');
  });

  it('is watched: an error and a breach of its policy would fail these tests', async () => {
    await open('#/overview');
    await page.getByText('1 transaction needs an operator').waitFor();
    await page.evaluate(`document.body.setAttribute('style', 'color: red'); console.error('on purpose'); undefined`);
    await until('both are heard of', async () => noted.push(...visitor.takeFaults()) >= 0 && noted.length >= 2);
    expect(noted.join('\n')).to.contain('Content Security Policy').and.to.contain('on purpose');
  });

  it('shows a number that its sum does not explain as what it is', async () => {
    standIn.answer('GET /console/api/overview', () => ({ body: { ...overview(), drift: 2 } }));
    await open('#/overview');
    await page.getByText('Counters and reservations differ by 2').waitFor();
    standIn.answer(`GET /console/api/stock/${encodeURIComponent(SKU)}`, () => ({
      body: {
        ...{ sku: SKU, holders: [], holdersMore: false },
        warehouses: [{ warehouse: 'default', available: 9, reserved: 0, deducted: 0, version: 1 }],
        totals: [{ warehouse: 'default', received: 7, writtenOff: 0, adjusted: 0, reservedNow: 0, deductedNow: 0, refunded: 0 }],
      },
    }));
    await page.evaluate(`location.hash = '#/stock/${encodeURIComponent(SKU)}'`);
    await page.getByRole('row', { name: 'Not explained +2' }).waitFor();
  });
});
