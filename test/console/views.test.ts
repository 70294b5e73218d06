// Owns the tests of every view of the console as it looks: nothing grave for axe, nothing that hangs over the edge of a phone, light and
// dark, with pictures for people in test-artefacts/. Against a server that stands in for the coordinator, so that each view is full.
import { expect } from 'chai';
import { DESKTOP, expectAccessible, needChromium, PHONE, picture, type Visitor, visit } from '../support/browser.ts';
import { SKU, TRANSACTION_ID } from '../support/console-fixtures.ts';
import { problemAnswer, type StandIn, startStandIn } from '../support/console-stand-in.ts';

const VIEWS: Readonly<Record<string, string>> = {
  overview: '#/overview',
  search: '#/search',
  found: '#/search?q=SHOE&state=CONFIRMING',
  transaction: `#/transactions/${TRANSACTION_ID}`,
  stock: `#/stock/${encodeURIComponent(SKU)}`,
  stocks: '#/stock',
  stuck: '#/stuck',
  participants: '#/participants',
  nowhere: '#/nowhere',
};

describe('each view of the console', function () {
  this.timeout(60_000);
  let standIn: StandIn;
  let visitor: Visitor;
  before(async function () {
    needChromium(this);
    standIn = await startStandIn();
  });
  afterEach(() => visitor.close());

  for (const [name, hash] of Object.entries(VIEWS)) {
    it(`${name}: light and dark, on a phone and on a desk`, async () => {
      visitor = await visit(`${standIn.url}/console${hash}`);
      await settled(visitor);
      await lookAtAll(visitor, name);
    });
  }

  it('a refusal: told with its code', async () => {
    standIn.answer('GET /console/api/overview', () => problemAnswer(503, 'database-unavailable', 'PostgreSQL does not answer.'));
    visitor = await visit('about:blank');
    visitor.expectFaults('503');
    await visitor.page.goto(`${standIn.url}/console`);
    await visitor.page.getByText('database-unavailable').waitFor();
    await lookAtAll(visitor, 'refusal');
    standIn.reset();
  });

  it('an act: its dialog', async () => {
    visitor = await visit(`${standIn.url}/console#/transactions/${TRANSACTION_ID}`);
    await visitor.page.getByRole('button', { name: 'Resolve the branch of payment' }).click();
    await visitor.page.getByRole('dialog').waitFor();
    await lookAtAll(visitor, 'act', false);
  });
});

async function settled({ page }: Visitor): Promise<void> {
  await page.locator('h1').waitFor();
  await page.waitForFunction('document.querySelector("[aria-busy=true]") === null');
}

async function lookAtAll({ page }: Visitor, name: string, fullPage = true): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [size, viewport] of [
      ['desktop', DESKTOP],
      ['phone', PHONE],
    ] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize(viewport);
      await expectAccessible(page);
      const beyond = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      expect(beyond, `what hangs over the edge of ${name} on a ${size}`).to.equal(0);
      await picture(page, `${name}-${size}-${colorScheme}`, fullPage);
    }
  }
}
