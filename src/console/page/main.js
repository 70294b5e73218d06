// Owns which view is shown: by the hash of the address, so that back, forward and links work. It moves the focus to the heading of a new
// view, which is what a screen reader then reads.
import { fill } from './dom.js';
import { overview } from './view-overview.js';
import { participants } from './view-participants.js';
import { stockOne, stockSearch } from './view-stock.js';
import { stuck } from './view-stuck.js';
import { transaction } from './view-transaction.js';
import { find, transactions } from './view-transactions.js';

/** @type {{ pattern: RegExp, name: string, show: (stage: import('./view.js').Stage, parameter: string, query: URLSearchParams) => void }[]} */
const VIEWS = [
  { pattern: /^\/$/, name: 'overview', show: overview },
  { pattern: /^\/transactions$/, name: 'transactions', show: transactions },
  { pattern: /^\/transactions\/([^/]+)$/, name: 'transactions', show: transaction },
  { pattern: /^\/stock$/, name: 'stock', show: stockSearch },
  { pattern: /^\/stock\/(.+)$/, name: 'stock', show: stockOne },
  { pattern: /^\/stuck$/, name: 'stuck', show: stuck },
  { pattern: /^\/participants$/, name: 'participants', show: participants },
];

/** @type {AbortController | null} */
let leaving = null;
/** @type {(() => void)[]} */
const ends = [];

function show() {
  leaving?.abort();
  for (const end of ends.splice(0)) end();
  leaving = new AbortController();
  const main = /** @type {HTMLElement} */ (document.getElementById('main'));
  const [path = '/', text = ''] = location.hash.replace(/^#/, '').split('?', 2);
  const view = VIEWS.find(({ pattern }) => pattern.test(path)) ?? VIEWS[0];
  if (view === undefined) return;
  fill(main);
  for (const link of document.querySelectorAll('nav a')) {
    if (link.getAttribute('data-view') === view.name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const parameter = decodeURIComponent(view.pattern.exec(path)?.[1] ?? '');
  view.show({ signal: leaving.signal, main, onLeave: (end) => void ends.push(end) }, parameter, new URLSearchParams(text));
  main.querySelector('h1')?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

document.getElementById('find')?.addEventListener('submit', (event) => {
  event.preventDefault();
  const input = /** @type {HTMLInputElement} */ (document.getElementById('find-text'));
  const text = input.value.trim();
  if (text === '') return;
  input.value = '';
  void find(text).then((address) => {
    if (location.hash === address) show();
    else location.hash = address;
  });
});
document.querySelector('.skip')?.addEventListener('click', (event) => {
  event.preventDefault();
  document.getElementById('main')?.focus();
});
window.addEventListener('hashchange', show);
show();
