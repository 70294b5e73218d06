// Owns the list of SKUs: by their beginning, and the hottest ones.
import { read } from './ask.js';
import { h } from './dom.js';
import { follow, pages } from './follow.js';
import { nothing, panel, skuLink, table } from './pieces.js';
import { hrefOf } from './route.js';
import { count, rate } from './words.js';

/** @import { Visit } from './main.js' */
/** @import { Stock } from './shapes.d.ts' */
/** @import { HotItem } from './standing.d.ts' */

/** As many SKUs are shown where they are only one of several things that were found. */
export const SUGGESTED = 8;

/** @param {Visit} visit */
export function stockList({ place, signal }) {
  const prefix = place.query.get('prefix') ?? '';
  const hottest = follow({
    signal,
    load: (given) => read('/v1/operations/hottest?limit=10', given),
    make: (/** @type {{ items: readonly HotItem[] }} */ { items }) => [hottestTable(items)],
    pauseMs: () => 5000,
  });
  const list = pages({
    signal,
    load: (cursor, given) =>
      read(
        `/v1/stock?prefix=${encodeURIComponent(prefix)}&limit=50${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
        given,
      ),
    make: (items) => stockTable(items, ''),
    empty: nothing(prefix === '' ? 'Nothing was ever stocked.' : `No SKU begins with ${prefix}.`),
  });
  return {
    title: 'Stock',
    content: [
      h('h1', { tabindex: '-1' }, 'Stock'),
      prefixForm(prefix),
      prefix === '' ? panel('Hottest now', hottest.element) : null,
      panel(prefix === '' ? 'All SKUs' : `SKUs that begin with ${prefix}`, list),
    ],
  };
}

/** @param {string} prefix */
function prefixForm(prefix) {
  const input = h('input', {
    name: 'prefix',
    type: 'search',
    value: prefix,
    maxlength: 128,
    autocapitalize: 'off',
    spellcheck: 'false',
    autocomplete: 'off',
    'data-key': 'prefix',
    class: 'mono',
  });
  const form = h(
    'form',
    { class: 'filters', 'aria-label': 'SKUs by their beginning' },
    h('label', { class: 'field' }, h('span', {}, 'SKU begins with'), input),
    h('button', { type: 'submit', class: 'button' }, 'Show'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    location.hash = hrefOf('stock', '', { prefix: input.value.trim() });
  });
  return form;
}

/** @param {readonly HotItem[]} items */
function hottestTable(items) {
  if (items.length === 0) return nothing('Nothing was asked for in the last seconds.');
  const columns = [
    { title: 'SKU' },
    { title: 'Warehouse' },
    ...['Tries per second', 'Units per second', 'Shortages per second'].map((title) => ({ title, number: true })),
  ];
  return table(
    'The SKUs that are asked for most',
    columns,
    items.map(({ sku, warehouse, triesPerS, reservedPerS, shortagesPerS }) => [
      skuLink(sku, `hot:${warehouse}`),
      warehouse,
      ...[triesPerS, reservedPerS, shortagesPerS].map(rate),
    ]),
  );
}

/**
 * @param {readonly Stock[]} items
 * @param {string} text
 */
export function stockTable(items, text) {
  const columns = [{ title: 'SKU' }, ...['Available', 'Reserved', 'Sold'].map((title) => ({ title, number: true }))];
  const rows = items.map(({ sku, available, reserved, deducted }) => [
    skuLink(sku, 'found'),
    count(available),
    count(reserved),
    count(deducted),
  ]);
  const more =
    items.length === SUGGESTED
      ? h('a', { class: 'more', href: hrefOf('stock', '', { prefix: text }) }, 'All that begin with it')
      : null;
  return h('div', {}, table('Stock', columns, rows), more);
}
