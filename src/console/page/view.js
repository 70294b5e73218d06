// Owns what all views share: they load, are drawn, are loaded again now and then, and forget answers that come too late.
import { Refused } from './api.js';
import { fill, h, skeleton } from './dom.js';

/**
 * @typedef {{ signal: AbortSignal, main: HTMLElement, onLeave: (end: () => void) => void }} Stage
 */

/**
 * A heading that is told to screen readers and gets the focus when the view is entered.
 * @param {string} text
 * @param {...import('./dom.js').Child} beside
 */
export function heading(text, ...beside) {
  document.title = `${text} · holdfast`;
  return h('div', { class: 'row ends' }, h('h1', { tabindex: -1 }, text), beside);
}

/**
 * A part of a view that loads by itself.
 * @template T
 * @param {Stage} stage
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {(content: T) => import('./dom.js').Child} draw
 * @param {{ everyMs?: number }} [options]
 */
export function part(stage, load, draw, { everyMs } = {}) {
  const place = h('div', {}, skeleton());
  let isDrawn = false;
  /** @type {number | undefined} */
  let timer;

  /** @param {boolean} isAsked by somebody: then it is drawn, whatever has the focus */
  async function show(isAsked) {
    window.clearTimeout(timer);
    try {
      const content = await load(stage.signal);
      if (stage.signal.aborted) return;
      if (isAsked || !isInUse(place)) fill(place, draw(content));
      isDrawn = true;
    } catch (error) {
      if (stage.signal.aborted) return;
      // What was drawn stays: old figures are worth more than none.
      if (!isDrawn) fill(place, failure(error, refresh));
    }
    if (everyMs !== undefined && !stage.signal.aborted) timer = window.setTimeout(() => void show(false), everyMs);
  }

  function refresh() {
    void show(true);
  }

  stage.onLeave(() => window.clearTimeout(timer));
  void show(false);
  return { element: place, refresh };
}

/** Whether somebody has the focus there, or has marked text: they are not to be disturbed. @param {Element} place */
function isInUse(place) {
  const selection = document.getSelection();
  const isMarked = selection !== null && !selection.isCollapsed && place.contains(selection.anchorNode);
  return isMarked || place.contains(document.activeElement);
}

/**
 * @param {unknown} error
 * @param {() => void} retry
 */
export function failure(error, retry) {
  const told = error instanceof Refused ? error : new Refused(String(error), null, null);
  const code = told.code === null ? null : h('a', { href: `/problems/${told.code}` }, told.code);
  return h(
    'div',
    { class: 'notice bad', role: 'alert' },
    h('p', {}, told.message, ' ', code),
    h('button', { type: 'button', click: retry }, 'Try again'),
  );
}

/**
 * A list that goes on page by page.
 * @template T
 * @param {Stage} stage
 * @param {(cursor: string | null, signal: AbortSignal) => Promise<{ items: T[], nextCursor: string | null }>} load
 * @param {(items: T[]) => import('./dom.js').Child} draw
 */
export function pages(stage, load, draw) {
  /** @type {T[]} */
  const items = [];
  const place = h('div', {}, skeleton());

  /** @param {string | null} cursor */
  async function more(cursor) {
    try {
      const page = await load(cursor, stage.signal);
      if (stage.signal.aborted) return;
      items.push(...page.items);
      const next = page.nextCursor;
      const button =
        next === null ? null : h('p', {}, h('button', { type: 'button', click: () => void more(next) }, 'Show more'));
      fill(place, draw(items), button);
    } catch (error) {
      if (!stage.signal.aborted)
        fill(
          place,
          failure(error, () => void more(cursor)),
        );
    }
  }
  void more(null);
  return place;
}
