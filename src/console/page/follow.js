// Owns reading something again and again while it is looked at: one request at a time, none while the page is hidden, and what was
// shown stays where a later request fails.
import { isGivenUp, problemOf } from './ask.js';
import { h, shown } from './dom.js';
import { problemNote, skeleton } from './pieces.js';

/** @import { Child } from './dom.js' */

/**
 * @template T
 * @typedef {object} Following
 * @property {AbortSignal} signal until then
 * @property {(signal: AbortSignal) => Promise<T>} load
 * @property {(answer: T) => readonly Child[]} make what shows it
 * @property {(answer: T) => number} [pauseMs] until it is read again; 0 or none: it does not change any more
 * @property {number} [rows] how many lines its skeleton has
 * @property {(answer: T) => unknown} [by] what of it makes it worth showing anew; all of it where that is not said
 * @property {(answer: T) => void} [told] called with every answer, once it is shown
 */

/**
 * @template T
 * @param {Following<T>} following
 * @returns {{ element: HTMLElement, again: () => void }}
 */
export function follow({ signal, load, make, pauseMs = () => 0, rows = 3, by = (answer) => answer, told }) {
  const note = h('div', { class: 'follow-note' });
  const host = h('div', { class: 'follow-body', 'aria-busy': 'true' }, skeleton(rows));
  const show = shown(host, make, by);
  let timer = 0;
  let turn = new AbortController();
  let nextMs = 5000;

  const again = async () => {
    clearTimeout(timer);
    turn.abort();
    turn = new AbortController();
    const mine = turn;
    try {
      const answer = await load(AbortSignal.any([signal, mine.signal]));
      // A stale answer: somebody asked again since, or left.
      if (mine !== turn || signal.aborted) return;
      show(answer);
      note.replaceChildren();
      nextMs = pauseMs(answer);
      told?.(answer);
    } catch (error) {
      if (isGivenUp(error) || mine !== turn || signal.aborted) return;
      // Where nothing was ever shown, the skeleton goes: it would promise something.
      if (host.getAttribute('aria-busy') === 'true') host.replaceChildren();
      note.replaceChildren(problemNote(problemOf(error), again));
      nextMs = Math.max(nextMs, 5000);
    }
    host.setAttribute('aria-busy', 'false');
    if (nextMs > 0 && !document.hidden) timer = setTimeout(again, nextMs);
  };
  document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : nextMs > 0 && again()), {
    signal,
  });
  signal.addEventListener('abort', () => clearTimeout(timer));
  void again();
  return { element: h('div', { class: 'follow' }, note, host), again: () => void again() };
}

/**
 * A list that is read page by page, by its cursor.
 * @template T
 * @param {object} list
 * @param {AbortSignal} list.signal
 * @param {(cursor: string | null, signal: AbortSignal) => Promise<{ items: readonly T[], nextCursor: string | null }>} list.load
 * @param {(items: readonly T[]) => Child} list.make
 * @param {Child} list.empty what is said where there is nothing
 * @param {(items: readonly T[]) => void} [list.told]
 * @returns {HTMLElement}
 */
export function pages({ signal, load, make, empty, told }) {
  const host = h('div', { class: 'follow-body', 'aria-busy': 'true' }, skeleton(6));
  const foot = h('div', { class: 'follow-foot' });
  /** @type {T[]} */
  let items = [];

  /** @param {string | null} cursor */
  const more = async (cursor) => {
    foot.replaceChildren();
    host.setAttribute('aria-busy', 'true');
    if (cursor !== null) foot.append(skeleton(2));
    try {
      const page = await load(cursor, signal);
      const before = items.length;
      items = [...items, ...page.items];
      const made = items.length === 0 ? empty : make(items);
      host.replaceChildren(made instanceof Node ? made : String(made ?? ''));
      foot.replaceChildren();
      const { nextCursor } = page;
      if (nextCursor !== null) foot.append(moreButton(() => more(nextCursor)));
      // Who asked for more by keyboard goes on at the first of the new ones.
      const first = before > 0 ? host.querySelectorAll('tbody tr')[before]?.querySelector('a') : null;
      first?.focus();
      told?.(items);
    } catch (error) {
      if (isGivenUp(error) || signal.aborted) return;
      if (items.length === 0) host.replaceChildren();
      foot.replaceChildren(problemNote(problemOf(error), () => more(cursor)));
    }
    host.setAttribute('aria-busy', 'false');
  };
  void more(null);
  return h('div', { class: 'follow' }, host, foot);
}

/** @param {() => void} onclick */
function moreButton(onclick) {
  return h('button', { type: 'button', class: 'button', onclick }, 'Show more');
}
