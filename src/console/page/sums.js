// Owns the answer to "why is this SKU at 47?": for each warehouse the counters, and the sum that explains what is available.
import { h, svg } from './dom.js';
import { panel } from './pieces.js';
import { count, signed } from './words.js';

/** @import { StockStory, Totals, Warehouse } from './shapes.d.ts' */

/** @param {StockStory} story */
export function sums({ warehouses, totals }) {
  const cards = warehouses.map((warehouse) =>
    card(
      warehouse,
      totals.find((each) => each.warehouse === warehouse.warehouse),
    ),
  );
  return panel('Why it stands where it stands', h('ul', { class: 'cards two' }, cards));
}

/**
 * @param {Warehouse} warehouse
 * @param {Totals | undefined} totals
 */
function card(warehouse, totals) {
  const { available, reserved, deducted } = warehouse;
  return h(
    'li',
    { class: 'card' },
    h('div', { class: 'card-head' }, h('h3', {}, warehouse.warehouse)),
    h(
      'dl',
      { class: 'counters' },
      counter('Available', available, 'available'),
      counter('Reserved', reserved, 'reserved'),
      counter('Sold', deducted, 'sold'),
    ),
    shares(available, reserved, deducted),
    totals === undefined ? null : sumOf(warehouse, totals),
  );
}

/**
 * @param {string} name
 * @param {number} value
 * @param {string} tone
 */
function counter(name, value, tone) {
  return h('div', { class: tone }, h('dt', {}, name), h('dd', {}, count(value)));
}

/**
 * @param {number} available
 * @param {number} reserved
 * @param {number} sold
 */
function shares(available, reserved, sold) {
  const total = available + reserved + sold;
  let x = 0;
  const bars = [
    ['available', available],
    ['reserved', reserved],
    ['sold', sold],
  ].map(([tone, value]) => {
    const width = total === 0 ? 0 : (Number(value) / total) * 100;
    const bar = svg('rect', { class: `share ${tone}`, x, y: 0, width, height: 8 });
    x += width;
    return bar;
  });
  return svg(
    'svg',
    { class: 'shares', viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true', focusable: 'false' },
    ...bars,
  );
}

/**
 * @param {Warehouse} warehouse
 * @param {Totals} totals
 */
function sumOf({ available }, { received, writtenOff, adjusted, reservedNow, deductedNow, refunded, carried = 0 }) {
  /** @type {[string, number][]} */
  const steps = [
    ['Received', received],
    ['Written off', -writtenOff],
    ['Adjusted by counts', adjusted],
    ['Held by open transactions', -reservedNow],
    [refunded === 0 ? 'Sold and not refunded' : `Sold and not refunded (${count(refunded)} came back)`, -deductedNow],
    ['Carried forward from what was removed', carried],
  ];
  const told = steps.filter(([name, value]) => value !== 0 || name === 'Received');
  const sum = steps.reduce((total, [, value]) => total + value, 0);
  const rows = told.map(([name, value]) =>
    h('tr', {}, h('th', { scope: 'row' }, name), h('td', { class: 'number' }, signed(value))),
  );
  const unexplained = available - sum;
  if (unexplained !== 0)
    rows.push(
      h('tr', { class: 'broken' }, h('th', { scope: 'row' }, 'Not explained'), h('td', { class: 'number' }, signed(unexplained))),
    );
  const last = h('tr', {}, h('th', { scope: 'row' }, 'Available'), h('td', { class: 'number' }, count(available)));
  return h(
    'table',
    { class: 'sum' },
    h('caption', { class: 'unseen' }, 'The sum that makes what is available'),
    h('tbody', {}, rows),
    h('tfoot', {}, last),
  );
}
