// Owns the search: what the one box may mean (an id, a reference, a SKU), the filters, and the pages of what was found.
import { isGivenUp, problemOf, read } from './ask.js';
import { h } from './dom.js';
import { createdWithin, filtersForm } from './filters.js';
import { pages } from './follow.js';
import {
  announce,
  attentionBadge,
  nothing,
  panel,
  problemNote,
  skeleton,
  stateBadge,
  table,
  transactionLink,
  when,
} from './pieces.js';
import { hrefOf } from './route.js';
import { SUGGESTED, stockTable } from './stock-list.js';
import { count, plural } from './words.js';

/** @import { Visit } from './main.js' */
/** @import { Page, Stock, Transaction } from './shapes.d.ts' */

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._:/-]{1,128}$/;
const PAGE = 50;

/** @param {Visit} visit */
export function searchView(visit) {
  const { place } = visit;
  const text = (place.query.get('q') ?? '').trim();
  const results = h('div', { class: 'results' });
  if (ID.test(text)) findById(visit, text, results);
  else if (text !== '') results.append(...meaningsOf(visit, text));
  else results.append(panel('Transactions, newest first', transactionPages(visit, {}, 'No transaction fits these filters.')));
  return {
    title: text === '' ? 'Search' : `Search: ${text}`,
    content: [
      h('h1', { tabindex: '-1' }, 'Search', text === '' ? null : h('span', { class: 'subject' }, ' ', text)),
      h('p', { class: 'lead' }, 'The box above takes an id, a reference or the beginning of a SKU. Press / to get there.'),
      filtersForm(place),
      results,
    ],
  };
}

/**
 * An id leads straight to its transaction; a reference may look like one, too.
 * @param {Visit} visit
 * @param {string} id
 * @param {HTMLElement} results
 */
async function findById(visit, id, results) {
  results.append(skeleton(3));
  try {
    await read(`/v1/transactions/${id}`, visit.signal);
    location.replace(hrefOf('transactions', id.toLowerCase()));
  } catch (error) {
    if (isGivenUp(error) || visit.signal.aborted) return;
    const problem = problemOf(error);
    if (problem.code !== 'unknown-transaction') return results.replaceChildren(problemNote(problem, () => location.reload()));
    results.replaceChildren(nothing(`No transaction has the id ${id}.`), ...meaningsOf(visit, id));
  }
}

/**
 * @param {Visit} visit
 * @param {string} text
 */
function meaningsOf(visit, text) {
  const byReference = transactionPages(visit, { reference: text }, `No transaction has the reference ${text}.`);
  const reference = panel('By reference', byReference);
  if (!NAME.test(text)) return [reference];
  const withSku = h('div', {});
  const stocks = pages({
    signal: visit.signal,
    load: async (_cursor, signal) => {
      const path = `/v1/stock?prefix=${encodeURIComponent(text)}&limit=${SUGGESTED}`;
      /** @type {Page<Stock>} */
      const found = await read(path, signal);
      if (found.items.some(({ sku }) => sku === text))
        withSku.append(panel(`Transactions with ${text}`, transactionPages(visit, { sku: text }, 'None fits these filters.')));
      return { items: found.items, nextCursor: null };
    },
    make: (items) => stockTable(items, text),
    empty: nothing(`No SKU begins with ${text}.`),
  });
  return [panel('Stock', stocks), reference, withSku];
}

/**
 * @param {Visit} visit
 * @param {Readonly<Record<string, string>>} by
 * @param {string} empty
 */
function transactionPages({ place, signal }, by, empty) {
  const { query } = place;
  const { createdAfter, createdBefore } = createdWithin(query);
  const filters = { ...by, state: query.get('state'), needsAttention: query.get('attention'), createdAfter, createdBefore };
  return pages({
    signal,
    load: (cursor, given) => read(`/v1/transactions?${queryOf({ ...filters, cursor, limit: String(PAGE) })}`, given),
    make: transactionTable,
    empty: nothing(empty),
    told: (items) => announce(`${plural(items.length, 'transaction')} shown`),
  });
}

/** @param {Readonly<Record<string, string | null>>} parameters what is null or empty is left out */
function queryOf(parameters) {
  const given = Object.entries(parameters).filter((entry) => entry[1] !== null && entry[1] !== '');
  return new URLSearchParams(/** @type {[string, string][]} */ (given)).toString();
}

/** @param {readonly Transaction[]} items */
function transactionTable(items) {
  const columns = ['Transaction', 'Reference', 'State', 'Basket', 'Created', 'Changed'].map((title) => ({ title }));
  const rows = items.map((transaction) => [
    transactionLink(transaction.id, 'found'),
    transaction.reference ?? h('span', { class: 'dim' }, '–'),
    h(
      'span',
      { class: 'badges' },
      stateBadge(transaction.state),
      transaction.reason === null ? null : h('span', { class: 'dim' }, transaction.reason),
      transaction.needsAttention ? attentionBadge() : null,
    ),
    basketOf(transaction),
    when(transaction.createdAt),
    when(transaction.updatedAt),
  ]);
  return table('Transactions', columns, rows);
}

/** @param {Transaction} transaction */
function basketOf({ items, branches }) {
  const [first] = items;
  const goods = first === undefined ? [] : [`${count(first.quantity)} × ${first.sku}`];
  if (items.length > 1) goods.push(`${plural(items.length - 1, 'more item')}`);
  const parts = [...goods, ...branches.slice(0, 2).map(({ participant }) => participant)];
  return h(
    'span',
    { class: 'breakable' },
    parts.length === 0 ? '–' : parts.join(', '),
    branches.length > 2 ? ` and ${branches.length - 2} more` : '',
  );
}
