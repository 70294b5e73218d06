// Owns the filters of the search, and what they say about time. Each stands in the address, so that a search can be kept and sent.
import { h } from './dom.js';
import { hrefOf } from './route.js';

/** @import { Place } from './route.js' */

const STATES = ['TRYING', 'TRIED', 'CONFIRMING', 'CONFIRMED', 'CANCELLING', 'CANCELLED'];
/** @type {Readonly<Record<string, number>>} */
const WITHIN_MS = { '15m': 900_000, '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000 };
const WITHIN = [
  ['', 'at any time'],
  ['15m', 'in the last 15 minutes'],
  ['1h', 'in the last hour'],
  ['24h', 'in the last 24 hours'],
  ['7d', 'in the last 7 days'],
  ['between', 'between …'],
];

/** @param {URLSearchParams} query @returns {{ createdAfter: string | null, createdBefore: string | null }} */
export function createdWithin(query) {
  const within = query.get('created') ?? '';
  const ms = WITHIN_MS[within];
  if (ms !== undefined) return { createdAfter: new Date(Date.now() - ms).toISOString(), createdBefore: null };
  if (within !== 'between') return { createdAfter: null, createdBefore: null };
  return { createdAfter: momentOf(query.get('from')), createdBefore: momentOf(query.get('to')) };
}

/** What a field for local time says. @param {string | null} local */
function momentOf(local) {
  const ms = Date.parse(local ?? '');
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

/** @param {Place} place */
export function filtersForm({ query }) {
  const form = h('form', { class: 'filters', 'aria-label': 'Filters' });
  const apply = () => {
    const given = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    location.hash = hrefOf('search', '', { q: query.get('q') ?? '', ...given });
  };
  const created = query.get('created') ?? '';
  form.append(
    field('State', select('state', query.get('state') ?? '', [['', 'any'], ...STATES.map((state) => [state, state])])),
    field('Created', select('created', created, WITHIN)),
  );
  if (created === 'between') form.append(field('From', dateField('from', query)), field('To', dateField('to', query)));
  const attention = h('input', {
    type: 'checkbox',
    name: 'attention',
    value: 'true',
    'data-key': 'f:attention',
    checked: query.get('attention') === 'true',
  });
  form.append(h('label', { class: 'check' }, attention, 'Needs attention'));
  const isFiltered = ['state', 'created', 'attention'].some((name) => (query.get(name) ?? '') !== '');
  if (isFiltered)
    form.append(h('a', { class: 'clear', href: hrefOf('search', '', { q: query.get('q') ?? '' }) }, 'Clear filters'));
  form.addEventListener('change', apply);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    apply();
  });
  return form;
}

/**
 * @param {string} name
 * @param {Node} control
 */
function field(name, control) {
  return h('label', { class: 'field' }, h('span', {}, name), control);
}

/**
 * @param {string} name
 * @param {string} value
 * @param {readonly (readonly string[])[]} options each its value and its text
 */
function select(name, value, options) {
  const made = options.map(([each = '', text = '']) => h('option', { value: each, selected: each === value }, text));
  return h('select', { name, 'data-key': `f:${name}` }, made);
}

/**
 * @param {string} name
 * @param {URLSearchParams} query
 */
function dateField(name, query) {
  return h('input', { type: 'datetime-local', name, value: query.get(name) ?? '', 'data-key': `f:${name}` });
}
