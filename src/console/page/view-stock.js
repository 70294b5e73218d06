// Owns the view of a SKU: its counters, the sum that explains them, who holds it and how it came to that; and the list of SKUs.
import { read } from './ask.js';
import { h } from './dom.js';
import { follow, pages } from './follow.js';
import { nothing, panel, stateBadge, table, transactionLink, when } from './pieces.js';
import { stockList } from './stock-list.js';
import { sums } from './sums.js';
import { count, moment, signed } from './words.js';

/** @import { Visit } from './main.js' */
/** @import { StockEntry, StockStory } from './shapes.d.ts' */

const PAUSE_MS = 3000;

/** @param {Visit} visit */
export function stockView(visit) {
  return visit.place.subject === '' ? stockList(visit) : skuOf(visit);
}

/** @param {Visit} visit */
function skuOf({ place, signal }) {
  const sku = place.subject;
  const path = encodeURIComponent(sku);
  const story = follow({
    signal,
    load: (given) => read(`/console/api/stock/${path}`, given),
    make: (/** @type {StockStory} */ answer) => [sums(answer), panel('Who holds it', holdersOf(answer))],
    pauseMs: () => PAUSE_MS,
    rows: 6,
  });
  const history = pages({
    signal,
    load: (cursor, given) =>
      read(`/v1/stock/${path}/history?limit=50${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`, given),
    make: historyTable,
    empty: nothing('Nothing ever happened to it.'),
  });
  return {
    title: `Stock ${sku}`,
    content: [
      h('h1', { tabindex: '-1', class: 'with-id' }, 'Stock ', h('span', { class: 'mono subject' }, sku)),
      story.element,
      panel(
        'History',
        h('p', { class: 'dim' }, 'Every movement and reservation that made the numbers what they are, newest first.'),
        history,
      ),
    ],
  };
}

/** @param {StockStory} story */
function holdersOf({ holders, holdersMore }) {
  if (holders.length === 0) return nothing('Nobody: no open transaction holds any of it.');
  const columns = [
    { title: 'Transaction' },
    { title: 'Reference' },
    { title: 'Warehouse' },
    { title: 'Held', number: true },
    { title: 'State' },
    { title: 'Released' },
  ];
  const rows = holders.map(({ transactionId, reference, warehouse, quantity, state, expiresAt }) => [
    transactionLink(transactionId, `hold:${warehouse}`),
    reference ?? h('span', { class: 'dim' }, '–'),
    warehouse,
    count(quantity),
    stateBadge(state),
    when(expiresAt),
  ]);
  return h(
    'div',
    {},
    table('Open transactions that hold it, oldest first', columns, rows),
    holdersMore ? h('p', { class: 'dim' }, `The oldest ${count(holders.length)}; there are more.`) : null,
  );
}

/** @param {readonly StockEntry[]} items */
function historyTable(items) {
  const columns = [
    { title: 'When' },
    { title: 'Warehouse' },
    { title: 'What' },
    { title: 'Units', number: true },
    { title: 'Why' },
  ];
  return table('History', columns, items.map(historyRow));
}

/** @param {StockEntry} entry */
function historyRow({
  at,
  warehouse,
  kind,
  quantity,
  transactionId,
  reason,
  state,
  deducted = 0,
  refunded = 0,
  transactionState,
}) {
  const time = h('time', { datetime: at, title: at }, moment(at));
  if (transactionId === undefined) {
    const units = kind === 'WRITE_OFF' ? -quantity : quantity;
    return [time, warehouse, movementInWords(kind), signed(units), reason ?? h('span', { class: 'dim' }, '–')];
  }
  const became = h(
    'span',
    { class: 'badges' },
    transactionLink(transactionId, 'history'),
    stateBadge(transactionState ?? state ?? ''),
    reason === null || reason === undefined ? null : h('span', { class: 'dim' }, reason),
  );
  const net =
    state === 'RESERVED'
      ? `${count(quantity)} held`
      : deducted > 0
        ? `${signed(refunded - deducted)} sold${refunded > 0 ? `, ${count(refunded)} refunded` : ''}`
        : `${count(quantity)} released`;
  return [time, warehouse, 'Reservation', net, became];
}

/** @param {string} kind */
function movementInWords(kind) {
  if (kind === 'RECEIVE') return 'Received';
  return kind === 'WRITE_OFF' ? 'Written off' : kind === 'ADJUST' ? 'Adjusted' : kind;
}
