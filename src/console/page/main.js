// Owns the page as a whole: which view stands at which address, the box that finds things, the pulse, and what happens on a change
// of view: the one before is given up, the heading of the next one takes the focus.
import { h } from './dom.js';
import { Live } from './live.js';
import { nothing, refreshDistances } from './pieces.js';
import { hrefOf, placeOf } from './route.js';
import { checkSession, showSession } from './session.js';
import { overviewView } from './view-overview.js';
import { participantsView } from './view-participants.js';
import { searchView } from './view-search.js';
import { stockView } from './view-stock.js';
import { stuckView } from './view-stuck.js';
import { transactionView } from './view-transaction.js';
import { clock, count } from './words.js';

/** @import { Place } from './route.js' */

/**
 * @typedef {object} Visit
 * @property {Place} place
 * @property {AbortSignal} signal until the view is left
 * @property {Live} live
 */
/** @typedef {(visit: Visit) => { title: string, content: readonly (Node | null)[] }} View its first node is its heading */

/** @type {Readonly<Record<string, View>>} */
const VIEWS = {
  overview: overviewView,
  search: searchView,
  stock: stockView,
  stuck: stuckView,
  participants: participantsView,
  transactions: transactionView,
};

const live = new Live('/console/api/live', checkSession);
let visit = new AbortController();
/** @type {string | null} */
let last = null;

function show() {
  const place = placeOf(location.hash);
  const main = byId('main');
  const isSame = last === `${place.view}/${place.subject}`;
  const isFirst = last === null;
  const active = document.activeElement;
  const key = active instanceof HTMLElement ? active.dataset.key : undefined;
  last = `${place.view}/${place.subject}`;
  visit.abort();
  visit = new AbortController();
  const { title, content } = (VIEWS[place.view] ?? nowhereView)({ place, signal: visit.signal, live });
  document.title = `${title} · holdfast`;
  main.replaceChildren(...content.filter((node) => node !== null));
  markCurrent(place.view);
  byId('find', HTMLInputElement).value = place.view === 'search' ? (place.query.get('q') ?? '') : '';
  if (isFirst) return;
  // A changed filter leaves who changed it where they were; another view begins at its heading.
  const same = isSame && key !== undefined ? main.querySelector(`[data-key="${CSS.escape(key)}"]`) : null;
  const target = same ?? main.querySelector('h1');
  if (target instanceof HTMLElement) target.focus();
  if (!isSame) scrollTo(0, 0);
}

/** @type {View} */
function nowhereView({ place }) {
  const text = `There is no view called ${place.view} here.`;
  return { title: 'Not found', content: [h('h1', { tabindex: '-1' }, 'Not found'), nothing(text)] };
}

/** @param {string} view */
function markCurrent(view) {
  for (const link of document.querySelectorAll('.views a')) {
    const isCurrent = link.getAttribute('href') === hrefOf(view === 'transactions' ? 'search' : view);
    if (isCurrent) link.setAttribute('aria-current', view === 'transactions' ? 'true' : 'page');
    else link.removeAttribute('aria-current');
  }
}

function find() {
  const text = byId('find', HTMLInputElement).value.trim();
  const target = hrefOf('search', '', { q: text });
  if (location.hash === target) show();
  else location.hash = target;
}

function pulse() {
  const { state, since } = live.state;
  const stale = since === null ? 'No live figures' : `Stale since ${clock(since)}`;
  const text = state === 'live' ? 'Live' : state === 'connecting' ? 'Connecting' : stale;
  const place = byId('pulse');
  if (place.dataset.state !== state || byId('pulse-text').textContent !== text) {
    place.dataset.state = state;
    byId('pulse-text').textContent = text;
  }
  const attention = live.samples.at(-1)?.needsAttention ?? 0;
  const badge = byId('attention-count');
  badge.hidden = attention === 0;
  badge.replaceChildren(count(attention), h('span', { class: 'unseen' }, ' need attention'));
}

/** A key by itself, where nobody is writing. @param {KeyboardEvent} event */
function shortcut(event) {
  const { target, key, ctrlKey, metaKey, altKey } = event;
  const isWriting = target instanceof Element && target.matches('input, textarea, select, [contenteditable]');
  if (key !== '/' || isWriting || ctrlKey || metaKey || altKey || document.querySelector('dialog[open]') !== null) return;
  event.preventDefault();
  byId('find').focus();
}

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [kind]
 * @returns {T}
 */
function byId(id, kind) {
  const element = document.getElementById(id);
  if (element === null || (kind !== undefined && !(element instanceof kind))) throw new Error(`the page has no ${id}`);
  return /** @type {T} */ (element);
}

byId('skip').addEventListener('click', (event) => {
  // Its address is not one of the page's views.
  event.preventDefault();
  byId('main').focus();
  byId('main').scrollIntoView();
});
byId('finder').addEventListener('submit', (event) => {
  event.preventDefault();
  find();
});
addEventListener('hashchange', show);
document.addEventListener('keydown', shortcut);
setInterval(refreshDistances, 1000);
void showSession({ place: byId('who'), name: byId('who-name'), button: byId('sign-out') });
live.listen(pulse, new AbortController().signal);
live.open();
show();
