// Owns how numbers, times and states are written.
import { h } from './dom.js';

const WHOLE = new Intl.NumberFormat('en-GB');
const SHORT = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 3 });

/** @param {number | null | undefined} value */
export function count(value) {
  return value === null || value === undefined ? '–' : WHOLE.format(value);
}

/** @param {number | null | undefined} value */
export function rate(value) {
  return value === null || value === undefined ? '–' : SHORT.format(value);
}

/** @param {number | null | undefined} ms */
export function duration(ms) {
  if (ms === null || ms === undefined) return '–';
  const s = ms / 1000;
  if (s < 1) return `${Math.round(ms)} ms`;
  if (s < 90) return `${s < 10 ? s.toFixed(1) : Math.round(s)} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  return s < 172_800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86_400)} days`;
}

/** How long ago, or in how long, it is. @param {string} moment */
export function relative(moment) {
  const ms = Date.parse(moment) - Date.now();
  if (Math.abs(ms) < 500) return 'now';
  return ms < 0 ? `${duration(-ms)} ago` : `in ${duration(ms)}`;
}

/** The moment, to the ms, in the reader's time zone. @param {string} moment */
export function exact(moment) {
  const date = new Date(moment);
  const two = (/** @type {number} */ number) => String(number).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** @param {string | null | undefined} moment */
export function when(moment) {
  if (moment === null || moment === undefined) return '–';
  return h(
    'time',
    { datetime: moment, title: `${exact(moment)} (${moment})` },
    exact(moment),
    ' ',
    h('span', { class: 'quiet' }, relative(moment)),
  );
}

/** @type {Record<string, string>} */
const TONES = {
  CONFIRMED: 'good',
  TRIED: 'good',
  DEDUCTED: 'good',
  done: 'good',
  up: 'good',
  closed: 'good',
  CONFIRMING: 'warn',
  CANCELLING: 'warn',
  TRYING: 'warn',
  REGISTERED: 'warn',
  RESERVED: 'warn',
  'not-yet': 'warn',
  probing: 'warn',
  REFUSED: 'bad',
  refused: 'bad',
  failed: 'bad',
  down: 'bad',
  open: 'bad',
};

/** @param {string} state */
export function badge(state) {
  return h('span', { class: `state ${TONES[state] ?? 'plain'}` }, state);
}

export function attention() {
  return h('span', { class: 'state bad' }, 'needs attention');
}

/** @param {string} id */
export function transactionLink(id) {
  return h('a', { class: 'id', href: `#/transactions/${id}`, title: id }, `…${id.slice(-12)}`);
}

/** @param {string} sku */
export function skuLink(sku) {
  return h('a', { href: `#/stock/${encodeURIComponent(sku)}` }, sku);
}
