// Owns stock: why a SKU is at the number it is at, who holds it, and what made it so.
import { ask, query } from './api.js';
import { fill, h, skeleton, table } from './dom.js';
import { badge, count, rate, skuLink, transactionLink, when } from './format.js';
import { heading, pages, part } from './view.js';

const EVERY_MS = 2_000;
const HOTTEST_EVERY_MS = 10_000;

/**
 * @param {import('./view.js').Stage} stage
 * @param {string} _
 * @param {URLSearchParams} asked
 */
export function stockSearch(stage, _, asked) {
  const prefix = asked.get('prefix') ?? '';
  const search = (/** @type {Event} */ event) => {
    event.preventDefault();
    location.hash = `#/stock${query({ prefix: String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get('prefix') ?? '').trim() })}`;
  };
  const list = pages(
    stage,
    (cursor, signal) => ask(`/v1/stock${query({ prefix, limit: 50, cursor })}`, { signal }),
    (items) =>
      table(
        'Stock by SKU',
        [
          'SKU',
          { text: 'Available', number: true },
          { text: 'Reserved', number: true },
          { text: 'Deducted', number: true },
          { text: 'Warehouses', number: true },
        ],
        items.map((/** @type {any} */ one) => [
          skuLink(one.sku),
          count(one.available),
          count(one.reserved),
          count(one.deducted),
          count(one.warehouses.length),
        ]),
        { empty: prefix === '' ? 'Nothing has been stocked yet.' : 'No SKU begins like that.' },
      ),
  );
  const hottest = part(stage, (signal) => ask('/v1/operations/hottest?limit=10', { signal }), hot, { everyMs: HOTTEST_EVERY_MS });
  stage.main.append(
    heading('Stock'),
    h(
      'form',
      { class: 'fields', submit: search, 'aria-label': 'Filter' },
      h('label', {}, 'SKU begins with', h('input', { name: 'prefix', value: prefix, maxlength: 128 })),
      h('button', { class: 'main' }, 'Search'),
    ),
    list,
    h('h2', {}, 'Asked for most'),
    hottest.element,
  );
}

/** @param {any} content */
function hot({ items, windowS }) {
  return table(
    `Asked for most, over ${windowS} s`,
    [
      'SKU',
      'Warehouse',
      { text: 'Tries per second', number: true },
      { text: 'Units reserved per second', number: true },
      { text: 'Shortages per second', number: true },
    ],
    items.map((/** @type {any} */ one) => [
      skuLink(one.sku),
      one.warehouse,
      rate(one.triesPerS),
      rate(one.reservedPerS),
      rate(one.shortagesPerS),
    ]),
    { empty: `Nothing was tried in the last whole window of ${windowS} s.` },
  );
}

/**
 * @param {import('./view.js').Stage} stage
 * @param {string} sku
 */
export function stockOne(stage, sku) {
  const history = h('div', {}, skeleton());
  const shown = part(stage, (signal) => ask(`/console/api/stock/${encodeURIComponent(sku)}`, { signal }), draw, {
    everyMs: EVERY_MS,
  });
  fill(
    history,
    pages(
      stage,
      (cursor, signal) => ask(`/v1/stock/${encodeURIComponent(sku)}/history${query({ limit: 50, cursor })}`, { signal }),
      story,
    ),
  );
  stage.main.append(
    heading(sku, h('a', { href: `#/transactions${query({ sku })}` }, 'Transactions that name it')),
    shown.element,
    h('h2', {}, 'What made it so, newest first'),
    history,
  );
}

/** @param {any} content */
function draw({ warehouses, holders, holdersMore, totals }) {
  const sum = (/** @type {'available' | 'reserved' | 'deducted'} */ name) =>
    warehouses.reduce((/** @type {number} */ all, /** @type {any} */ one) => all + one[name], 0);
  const card = (/** @type {string} */ title, /** @type {number} */ value, /** @type {string} */ text) =>
    h(
      'section',
      { class: 'card' },
      h('h2', {}, title),
      h('div', { class: 'figure' }, count(value)),
      h('span', { class: 'quiet' }, text),
    );
  return [
    h(
      'div',
      { class: 'cards' },
      card('Available', sum('available'), 'can be reserved'),
      card('Reserved', sum('reserved'), 'held by open transactions'),
      card('Deducted', sum('deducted'), 'sold and not refunded'),
    ),
    h('h2', {}, `Why it is at ${count(sum('available'))}`),
    h(
      'div',
      { class: 'cards' },
      totals.map((/** @type {any} */ one) =>
        explained(
          one,
          warehouses.find((/** @type {any} */ each) => each.warehouse === one.warehouse),
        ),
      ),
    ),
    h('h2', {}, 'Who holds it'),
    table(
      'Who holds it, the oldest first',
      ['Transaction', 'Reference', 'Warehouse', { text: 'Quantity', number: true }, 'State', 'Deadline'],
      holders.map((/** @type {any} */ one) => [
        transactionLink(one.transactionId),
        one.reference ?? '–',
        one.warehouse,
        count(one.quantity),
        badge(one.state),
        when(one.expiresAt),
      ]),
      { empty: 'Nobody.' },
    ),
    holdersMore ? h('p', { class: 'quiet' }, 'And more: these are the first 100.') : null,
  ];
}

/** The sum that explains the number. @param {any} total @param {any} counter */
function explained(total, counter) {
  const line = (/** @type {string} */ sign, /** @type {number} */ value, /** @type {string} */ text) =>
    value === 0 ? null : h('div', {}, `${sign} `, h('b', {}, count(Math.abs(value))), ` ${text}`);
  return h(
    'section',
    { class: 'card' },
    h('h3', {}, `Warehouse ${total.warehouse}`),
    h(
      'div',
      { class: 'sum' },
      h('div', {}, h('b', {}, count(total.received)), ' received'),
      line(total.adjusted < 0 ? '−' : '+', total.adjusted, 'adjusted by counts and corrections'),
      line('−', total.writtenOff, 'written off'),
      line('−', total.reservedNow, 'reserved now'),
      line('−', total.deductedNow, 'sold and not refunded'),
      h('div', {}, '= ', h('b', {}, count(counter?.available)), ' available'),
    ),
    total.refunded > 0 ? h('span', { class: 'quiet' }, `${count(total.refunded)} were sold and came back.`) : null,
  );
}

/** @param {any[]} items */
function story(items) {
  return table(
    'History',
    ['At', 'What', 'Warehouse', { text: 'Quantity', number: true }, 'By', 'Outcome'],
    items.map((one) => [
      when(one.at),
      one.kind,
      one.warehouse,
      count(one.quantity),
      one.transactionId === undefined ? (one.reason ?? '–') : transactionLink(one.transactionId),
      one.transactionState === undefined ? '–' : badge(one.transactionState),
    ]),
    { empty: 'Nothing yet.' },
  );
}
