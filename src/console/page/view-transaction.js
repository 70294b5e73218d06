// Owns the view of one transaction: where it stands, what happens next, what may be done about it, and its parts.
import { actButton } from './acts.js';
import { read } from './ask.js';
import { branchCards } from './branches.js';
import { h, shown } from './dom.js';
import { follow } from './follow.js';
import { announce, attentionBadge, copyButton, facts, panel, skuLink, stateBadge, table, when } from './pieces.js';
import { hrefOf } from './route.js';
import { timeline } from './timeline.js';
import { count, moment, reasonInWords } from './words.js';

/** @import { Child } from './dom.js' */
/** @import { Visit } from './main.js' */
/** @import { Transaction, TransactionStory } from './shapes.d.ts' */

const UNDECIDED = new Set(['TRYING', 'TRIED']);
const ENDED = new Set(['CONFIRMED', 'CANCELLED']);
const PAUSE_MS = 2000;

/** @param {Visit} visit */
export function transactionView({ place, signal }) {
  const id = place.subject;
  let state = '';
  const parts = partsOf(() => story.again());
  const story = follow({
    signal,
    load: (given) => read(`/console/api/transactions/${encodeURIComponent(id)}`, given),
    make: () => parts.map(({ host }) => host),
    by: () => 'made once: each part is made anew by itself',
    pauseMs: (/** @type {TransactionStory} */ { transaction }) =>
      ENDED.has(transaction.state) && !transaction.needsAttention ? 0 : PAUSE_MS,
    rows: 8,
    told: (answer) => {
      for (const { show } of parts) show(answer);
      const { transaction } = answer;
      if (state !== '' && state !== transaction.state) announce(`The transaction is ${transaction.state} now`);
      state = transaction.state;
    },
  });
  const heading = h('h1', { tabindex: '-1', class: 'with-id' }, 'Transaction ', h('span', { class: 'mono subject' }, id));
  return {
    title: `Transaction ${id.slice(-6)}`,
    content: [h('div', { class: 'id-line' }, heading, copyButton(id, 'id')), story.element],
  };
}

/**
 * Apart from one another, so that what somebody reads or marks stays while another part changes.
 * @param {() => void} again
 */
function partsOf(again) {
  return [
    part(({ transaction, branches, next }) => [standingOf(transaction, branches, next, again)]),
    part(
      ({ transaction }) => [
        h(
          'div',
          { class: transaction.items.length === 0 ? '' : 'halves uneven' },
          panel('Facts', factsOf(transaction)),
          transaction.items.length === 0 ? null : panel('Basket', itemsOf(transaction)),
        ),
      ],
      ({ transaction: { branches, ...rest } }) => rest,
    ),
    part(
      ({ transaction, branches }) =>
        branches.length === 0 ? [] : [panel('Participants', branchCards(transaction, branches, again))],
      ({ transaction, branches }) => [transaction.state, branches],
    ),
    part(
      ({ transaction, history }) => [panel('Story', timeline(history, transaction.createdAt))],
      ({ history }) => history,
    ),
  ];
}

/**
 * @param {(story: TransactionStory) => readonly Child[]} make
 * @param {(story: TransactionStory) => unknown} [by]
 */
function part(make, by) {
  const host = h('div', { class: 'part' });
  return { host, show: shown(host, make, by) };
}

/**
 * @param {Transaction} transaction
 * @param {TransactionStory['branches']} branches
 * @param {string} next
 * @param {() => void} again
 */
function standingOf(transaction, branches, next, again) {
  const { state, reason, needsAttention } = transaction;
  return h(
    'section',
    { class: needsAttention ? 'standing grave' : 'standing', 'aria-label': 'Where it stands' },
    h(
      'p',
      { class: 'badges' },
      stateBadge(state),
      reason === null ? null : h('span', {}, reasonInWords(reason)),
      needsAttention ? attentionBadge() : null,
    ),
    h('p', { class: 'next big' }, h('span', { class: 'label' }, 'Next'), next),
    actsOf(transaction, branches, again),
  );
}

/**
 * What an operator may do now. What cannot be done is not offered.
 * @param {Transaction} transaction
 * @param {TransactionStory['branches']} branches
 * @param {() => void} again
 */
function actsOf({ id, state }, branches, again) {
  const isWaiting = branches.some(({ phase }) => phase !== null);
  const isUndecided = UNDECIDED.has(state);
  if (!isWaiting && !isUndecided) return null;
  return h(
    'div',
    { class: 'acts' },
    isWaiting ? actButton({ kind: 'retry', id, again }) : null,
    isUndecided ? actButton({ kind: 'cancel', id, again }) : null,
  );
}

/** @param {Transaction} transaction */
function factsOf({ state, reference, createdAt, expiresAt, updatedAt, note, metadata }) {
  /** @type {[string, Node | string][]} */
  const entries = [
    [
      'Reference',
      reference === null
        ? h('span', { class: 'dim' }, 'none')
        : h('a', { href: hrefOf('search', '', { q: reference }) }, reference),
    ],
    ['Created', when(createdAt, { whole: true })],
    UNDECIDED.has(state)
      ? ['Released', when(expiresAt, { whole: true })]
      : ['Deadline', h('time', { datetime: expiresAt }, moment(expiresAt))],
    ['Changed', when(updatedAt, { whole: true })],
  ];
  if (note !== null) entries.push(['Note', note]);
  if (metadata !== null)
    entries.push([
      'Metadata',
      h('pre', { class: 'mono', tabindex: '0', 'aria-label': 'Metadata' }, JSON.stringify(metadata, null, 2)),
    ]);
  return facts(entries);
}

/** @param {Transaction} transaction */
function itemsOf({ items }) {
  const columns = [
    { title: 'SKU' },
    { title: 'Warehouse' },
    { title: 'State' },
    ...['Quantity', 'Sold', 'Refunded'].map((title) => ({ title, number: true })),
  ];
  const rows = items.map((item) => [
    skuLink(item.sku, item.warehouse),
    item.warehouse,
    stateBadge(item.state),
    ...[item.quantity, item.deducted, item.refunded].map(count),
  ]);
  return table('Items of the basket', columns, rows);
}
