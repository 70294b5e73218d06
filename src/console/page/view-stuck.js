// Owns the view of what does not go on by itself, and of what is due next.
import { read } from './ask.js';
import { h } from './dom.js';
import { follow, pages } from './follow.js';
import { attentionBadge, since as lastingSince, nothing, panel, stateBadge, table, transactionLink, when } from './pieces.js';
import { plural } from './words.js';

/** @import { Visit } from './main.js' */
/** @import { Due, Page, StuckItem } from './shapes.d.ts' */

const PAUSE_MS = 5000;
const PAGE = 25;

/** @param {Visit} visit */
export function stuckView({ signal }) {
  const first = follow({
    signal,
    load: (given) => read(`/console/api/stuck?limit=${PAGE}`, given),
    make: (/** @type {Page<StuckItem>} */ page) => stuckPage(page, signal),
    pauseMs: () => PAUSE_MS,
  });
  const due = follow({
    signal,
    load: (given) => read('/console/api/due?limit=20', given),
    make: (/** @type {Due} */ answer) => dueOf(answer),
    pauseMs: () => PAUSE_MS,
  });
  return {
    title: 'Stuck & due',
    content: [
      h('h1', { tabindex: '-1' }, 'Stuck & due'),
      panel('Stuck', h('p', { class: 'dim' }, 'What needs an operator first, then what has waited longest.'), first.element),
      panel('Due next', due.element),
    ],
  };
}

/**
 * The first page is read again and again; what lies beyond it only when it is asked for.
 * @param {Page<StuckItem>} page
 * @param {AbortSignal} signal
 */
function stuckPage({ items, nextCursor }, signal) {
  if (items.length === 0)
    return [h('p', { class: 'all-well' }, h('span', { class: 'dot', 'aria-hidden': 'true' }), 'Nothing is stuck.')];
  const list = stuckList(items);
  if (nextCursor === null) return [list];
  const rest = h('div', {});
  const more = () =>
    rest.replaceChildren(
      pages({
        signal,
        load: (cursor, given) =>
          read(`/console/api/stuck?limit=${PAGE}&cursor=${encodeURIComponent(cursor ?? nextCursor)}`, given),
        make: stuckList,
        empty: nothing('That is all.'),
      }),
    );
  rest.append(h('button', { type: 'button', class: 'button', 'data-key': 'more-stuck', onclick: more }, 'Show more'));
  return [list, rest];
}

/** @param {readonly StuckItem[]} items */
function stuckList(items) {
  return h('ul', { class: 'cards' }, items.map(stuckCard));
}

/** @param {StuckItem} item */
function stuckCard({ id, reference, state, since, why, next, needsAttention, branches }) {
  return h(
    'li',
    { class: needsAttention ? 'card grave' : 'card' },
    h(
      'div',
      { class: 'card-head' },
      transactionLink(id, 'stuck'),
      reference === null ? null : h('span', { class: 'reference' }, reference),
      stateBadge(state),
      needsAttention ? attentionBadge() : null,
      h('span', { class: 'since' }, lastingSince(since)),
    ),
    h('p', { class: 'why' }, why),
    h('p', { class: 'next' }, h('span', { class: 'label' }, 'Next'), next),
    branches.length === 0 ? null : h('ul', { class: 'mini' }, branches.map(branchLine)),
  );
}

/** @param {StuckItem['branches'][number]} branch */
function branchLine({ participant, state, phase, attempts, nextAttemptAt, lastError }) {
  return h(
    'li',
    {},
    h('span', { class: 'strong' }, participant),
    stateBadge(state),
    phase === null ? null : h('span', {}, `${plural(attempts, 'attempt')} to ${phase}`),
    nextAttemptAt === null ? null : h('span', {}, ...againWhen(nextAttemptAt)),
    lastError === null ? null : h('span', { class: 'error-text' }, lastError),
  );
}

/** @param {string} at */
function againWhen(at) {
  return Date.parse(at) <= Date.now() ? ['due'] : ['again ', when(at)];
}

/** @param {Due} due */
function dueOf({ dueNow, items }) {
  const now = h(
    'p',
    {},
    dueNow === 0
      ? 'Nothing is overdue.'
      : `${plural(dueNow, 'deadline')} ${dueNow === 1 ? 'has' : 'have'} come and ${dueNow === 1 ? 'is' : 'are'} being worked off.`,
  );
  if (items.length === 0) return [now, nothing('No deadline lies ahead.')];
  const columns = [{ title: 'Transaction' }, { title: 'Reference' }, { title: 'State' }, { title: 'Released', number: true }];
  const rows = items.map(({ id, reference, state, expiresAt }) => [
    transactionLink(id, 'due'),
    reference ?? h('span', { class: 'dim' }, '–'),
    stateBadge(state),
    when(expiresAt),
  ]);
  return [now, table('The next deadlines', columns, rows)];
}
