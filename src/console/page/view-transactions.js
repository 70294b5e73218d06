// Owns the search: one box that understands ids, references and SKUs, filters, and the list, newest first.
import { ask, query, Refused } from './api.js';
import { h, table } from './dom.js';
import { attention, badge, skuLink, transactionLink, when } from './format.js';
import { heading, pages } from './view.js';

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const STATES = ['TRYING', 'TRIED', 'CONFIRMING', 'CONFIRMED', 'CANCELLING', 'CANCELLED'];
const FIELDS = ['reference', 'sku', 'state', 'needsAttention', 'createdAfter', 'createdBefore'];

/**
 * What somebody may mean by a text: an id; a reference, where a transaction has it; a SKU, where it is known.
 * @param {string} text
 * @returns {Promise<string>} the address of the view that shows it
 */
export async function find(text) {
  if (ID.test(text)) return `#/transactions/${text.toLowerCase()}`;
  const byReference = await ask(`/v1/transactions${query({ reference: text, limit: 2 })}`).catch(() => ({ items: [] }));
  if (byReference.items.length === 1) return `#/transactions/${byReference.items[0].id}`;
  if (byReference.items.length > 1) return `#/transactions${query({ reference: text })}`;
  const isSku = await ask(`/v1/stock/${encodeURIComponent(text)}`).then(
    () => true,
    (error) => !(error instanceof Refused),
  );
  return isSku ? `#/stock/${encodeURIComponent(text)}` : `#/transactions${query({ reference: text })}`;
}

/**
 * @param {import('./view.js').Stage} stage
 * @param {string} _
 * @param {URLSearchParams} asked
 */
export function transactions(stage, _, asked) {
  const filter = Object.fromEntries(FIELDS.map((name) => [name, asked.get(name)]));
  stage.main.append(
    heading('Transactions'),
    form(filter),
    pages(
      stage,
      (cursor, signal) => ask(`/v1/transactions${query({ ...filter, limit: 50, cursor })}`, { signal }),
      (items) => list(items, filter),
    ),
  );
}

/** @param {any[]} items @param {Record<string, string | null>} filter */
function list(items, filter) {
  const isFiltered = Object.values(filter).some((value) => value !== null);
  return table(
    'Transactions, newest first',
    ['Transaction', 'State', 'Reference', 'Items', 'Participants', 'Made', 'Deadline'],
    items.map((one) => [
      transactionLink(one.id),
      [
        badge(one.state),
        one.needsAttention ? [' ', attention()] : null,
        one.reason === null ? null : h('div', { class: 'quiet' }, one.reason),
      ],
      one.reference ?? '–',
      one.items.length === 0
        ? '–'
        : [
            one.items.slice(0, 3).map((/** @type {any} */ item) => h('div', {}, `${item.quantity} × `, skuLink(item.sku))),
            one.items.length > 3 ? `and ${one.items.length - 3} more` : null,
          ],
      one.branches.map((/** @type {any} */ branch) => h('div', {}, `${branch.participant} `, badge(branch.state))),
      when(one.createdAt),
      when(one.expiresAt),
    ]),
    { empty: isFiltered ? 'No transaction is like that.' : 'No transaction has been made yet.' },
  );
}

/** @param {Record<string, string | null>} filter */
function form(filter) {
  /** @param {string | null | undefined} moment */
  const local = (moment) => {
    if (moment === null || moment === undefined) return '';
    const date = new Date(moment);
    return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  };
  const state = h(
    'select',
    { name: 'state' },
    h('option', { value: '' }, 'any'),
    STATES.map((each) => h('option', { value: each, selected: filter.state === each }, each)),
  );
  const needsAttention = h('input', { type: 'checkbox', name: 'needsAttention', checked: filter.needsAttention === 'true' });
  return h(
    'form',
    { class: 'fields', submit: search, 'aria-label': 'Filters' },
    h('label', {}, 'Reference', h('input', { name: 'reference', value: filter.reference, maxlength: 128 })),
    h('label', {}, 'SKU', h('input', { name: 'sku', value: filter.sku, maxlength: 128 })),
    h('label', {}, 'State', state),
    h('label', {}, 'Made from', h('input', { name: 'createdAfter', type: 'datetime-local', value: local(filter.createdAfter) })),
    h(
      'label',
      {},
      'Made before',
      h('input', { name: 'createdBefore', type: 'datetime-local', value: local(filter.createdBefore) }),
    ),
    h('label', { class: 'check' }, needsAttention, 'Needs attention'),
    h('button', { class: 'main' }, 'Search'),
    h('a', { href: '#/transactions' }, 'Clear'),
  );
}

/** @param {Event} event */
function search(event) {
  event.preventDefault();
  const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
  const text = (/** @type {string} */ name) => String(data.get(name) ?? '').trim();
  const moment = (/** @type {string} */ name) => (text(name) === '' ? '' : new Date(text(name)).toISOString());
  const asked = {
    reference: text('reference'),
    sku: text('sku'),
    state: text('state'),
    createdAfter: moment('createdAfter'),
    createdBefore: moment('createdBefore'),
  };
  location.hash = `#/transactions${query({ ...asked, needsAttention: data.get('needsAttention') === null ? '' : 'true' })}`;
}
