// Owns Chromium for tests: one browser for the run, a page for each test that fails it on an error in the console, a request that
// failed unforeseen, or a breach of the content security policy; what axe finds; and pictures for people, beside the tests' results.
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { atTheEnd } from './end.ts';

const PICTURES = fileURLToPath(new URL('../../test-artefacts/', import.meta.url));
const PLACES = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
];
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const GRAVE = new Set(['serious', 'critical']);

export const PHONE = { width: 320, height: 640 };
export const DESKTOP = { width: 1280, height: 860 };

export interface Visitor {
  readonly page: Page;
  /** What went wrong in the page so far; it does not fail the test any more. */
  takeFaults(): string[];
  /** Faults that hold this text are expected from now on: the browser itself reports a refused request as an error. */
  expectFaults(text: string): void;
  close(): Promise<void>;
}

let browser: Promise<Browser> | null = null;

/** Skips the suite, with a clear word, where there is no Chromium. */
export function needChromium(context: Mocha.Context): void {
  if (findChromium() !== undefined) return;
  console.log('    no Chromium: the console is not tested in a browser (apt-get install chromium)');
  context.skip();
}

function findChromium(): string | undefined {
  return PLACES.find((place) => place !== '' && existsSync(place));
}

function theBrowser(): Promise<Browser> {
  browser ??= chromium.launch({ executablePath: findChromium() ?? '', headless: true, args: ARGUMENTS }).then((launched) => {
    atTheEnd(() => launched.close());
    return launched;
  });
  return browser;
}

export async function visit(url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await (await theBrowser()).newContext({ viewport: DESKTOP, locale: 'en-GB', ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  const expected: string[] = [];
  const note = (text: string): void => {
    if (!expected.some((each) => text.includes(each))) faults.push(text);
  };
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      note(`${message.type()}: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => note(`page error: ${error.message}`));
  await page.goto(url);
  return {
    page,
    takeFaults: () => faults.splice(0),
    expectFaults: (text) => void expected.push(text),
    close: async () => {
      await context.close();
      expect(faults, 'what went wrong in the page').to.deep.equal([]);
    },
  };
}

/** Holds the page to axe: nothing serious, nothing critical. It is run beside the page's policy, as a tool of the browser. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(`${await axeSource()}; undefined`);
  const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
    readonly violations: readonly {
      readonly id: string;
      readonly impact: string;
      readonly nodes: readonly { readonly html: string }[];
    }[];
  };
  const grave = violations.filter(({ impact }) => GRAVE.has(impact));
  expect(grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`)).to.deep.equal([]);
}

let axe: Promise<string> | null = null;
async function axeSource(): Promise<string> {
  axe ??= import('node:fs/promises').then(({ readFile }) => readFile(AXE, 'utf8'));
  return axe;
}

/** For people to look at; nothing compares it. */
export async function picture(page: Page, name: string, fullPage = true): Promise<void> {
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}${name}.png`, fullPage, animations: 'disabled' });
}
