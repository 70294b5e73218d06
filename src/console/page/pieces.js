// Owns the small parts that every view is made of.
import { h } from './dom.js';
import { hrefOf } from './route.js';
import { distance, lasting, moment, shortId, toneOf } from './words.js';

/** @import { AskProblem } from './ask.js' */
/** @import { Child } from './dom.js' */

/** @param {string} state */
export function stateBadge(state) {
  return h('span', { class: `badge tone-${toneOf(state)}` }, h('span', { class: 'dot', 'aria-hidden': 'true' }), state);
}

/** @param {string} text */
export function attentionBadge(text = 'needs attention') {
  return h('span', { class: 'badge tone-bad' }, h('span', { class: 'dot', 'aria-hidden': 'true' }), text);
}

/**
 * A moment by its distance from now, which main.js keeps true; the moment itself beside it or as its title.
 * @param {string | null | undefined} at
 * @param {{ whole?: boolean }} options
 */
export function when(at, { whole = false } = {}) {
  if (at === null || at === undefined) return h('span', { class: 'dim' }, '–');
  const far = h('time', { datetime: at, title: moment(at), 'data-distance': true }, distance(Date.parse(at)));
  return whole ? h('span', {}, moment(at), ' ', h('span', { class: 'dim' }, '(', far, ')')) : far;
}

/** How long something has lasted, kept true as `when` is. @param {string} at */
export function since(at) {
  return h('time', { datetime: at, title: moment(at), 'data-lasting': true }, lasting(Date.parse(at)));
}

/** Brings every distance on the page up to now. */
export function refreshDistances() {
  const now = Date.now();
  for (const time of document.querySelectorAll('time[data-distance], time[data-lasting]')) {
    const inWords = time.hasAttribute('data-lasting') ? lasting : distance;
    const text = inWords(Date.parse(time.getAttribute('datetime') ?? ''), now);
    if (time.textContent !== text) time.textContent = text;
  }
}

/** @param {string} id @param {string} key what tells this link from others to the same place */
export function transactionLink(id, key = '') {
  return h('a', { class: 'mono id', href: hrefOf('transactions', id), title: id, 'data-key': `t:${key}:${id}` }, shortId(id));
}

/** @param {string} sku @param {string} key */
export function skuLink(sku, key = '') {
  return h('a', { class: 'mono breakable', href: hrefOf('stock', sku), 'data-key': `s:${key}:${sku}` }, sku);
}

/**
 * A part of a view under its own heading.
 * @param {string} title
 * @param {...(Child | readonly Child[])} children
 */
export function panel(title, ...children) {
  const id = `h-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
  return h('section', { class: 'panel', 'aria-labelledby': id }, h('h2', { id }, title), ...children);
}

/**
 * @typedef {object} Column
 * @property {string} title
 * @property {boolean} [number] set to the right, in tabular figures
 */

/**
 * A table that becomes a stack of cards where it is narrow. The roles are said aloud, since a changed display takes them away.
 * @param {string} caption
 * @param {readonly Column[]} columns
 * @param {readonly (readonly (Child | readonly Child[])[])[]} rows
 * @param {{ small?: boolean }} options small: its columns fit a phone
 */
export function table(caption, columns, rows, { small = false } = {}) {
  const align = columns.map(({ number }) => (number === true ? 'number' : null));
  return h(
    'table',
    { role: 'table', class: small ? 'table small' : 'table' },
    h('caption', { class: 'unseen' }, caption),
    h(
      'thead',
      { role: 'rowgroup' },
      h(
        'tr',
        { role: 'row' },
        columns.map(({ title }, index) => h('th', { role: 'columnheader', scope: 'col', class: align[index] }, title)),
      ),
    ),
    h(
      'tbody',
      { role: 'rowgroup' },
      rows.map((cells) =>
        h(
          'tr',
          { role: 'row' },
          cells.map((cell, index) => h('td', { role: 'cell', class: align[index], 'data-label': columns[index]?.title }, cell)),
        ),
      ),
    ),
  );
}

/**
 * Names with what they stand for.
 * @param {readonly (readonly [string, Child | readonly Child[]])[]} entries
 */
export function facts(entries) {
  return h(
    'dl',
    { class: 'facts' },
    entries.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  );
}

/** What stands where something will be. @param {number} rows */
export function skeleton(rows) {
  const lines = Array.from({ length: rows }, () => h('span', { class: 'bone' }));
  return h('div', { class: 'skeleton' }, h('span', { class: 'unseen' }, 'Loading'), lines);
}

/** @param {string} text */
export function nothing(text) {
  return h('p', { class: 'nothing' }, text);
}

/**
 * What went wrong, by its code, and the way to try again.
 * @param {AskProblem} problem
 * @param {(() => void) | null} again
 */
export function problemNote(problem, again) {
  const trace =
    problem.traceId === null ? null : h('p', { class: 'dim' }, 'Trace ', h('span', { class: 'mono' }, problem.traceId));
  return h(
    'div',
    { class: 'problem', role: 'alert' },
    h('p', {}, h('code', {}, problem.code), ' ', problem.message),
    trace,
    again === null ? null : h('button', { type: 'button', class: 'button', 'data-key': 'again', onclick: again }, 'Try again'),
  );
}

/** Said to who listens rather than looks; nothing that is said already. @param {string} text */
export function announce(text) {
  const region = document.getElementById('announcements');
  if (region !== null && region.textContent !== text) region.textContent = text;
}

/** @param {string} text what is copied @param {string} name what it is called */
export function copyButton(text, name) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      announce(`${name} copied`);
      button.textContent = 'Copied';
    } catch {
      announce(`${name} could not be copied`);
    }
  };
  const button = h(
    'button',
    { type: 'button', class: 'button quiet', 'data-key': `copy:${name}`, 'aria-label': `Copy ${name}` },
    'Copy',
  );
  button.addEventListener('click', () => void copy());
  return button;
}
