// Owns the making of elements: text is only ever text, so nothing that callers stored can become markup.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @typedef {Node | string | number | null | undefined | false | Child[]} Child
 * @typedef {Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>} Attributes
 */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes] a function is a listener of the event of that name; null and false leave an attribute out
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  give(element, attributes);
  put(element, children);
  return element;
}

/**
 * @param {string} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  give(element, attributes);
  put(element, children);
  return element;
}

/**
 * @param {Element} element
 * @param {Attributes} attributes
 */
function give(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
}

/**
 * @param {Element} element
 * @param {Child[]} children
 */
function put(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) put(element, child);
    else if (child !== null && child !== undefined && child !== false)
      element.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Replaces what is in an element.
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  element.replaceChildren();
  put(element, children);
}

/** Bars where text will stand. @param {number} [lines] */
export function skeleton(lines = 4) {
  const bars = Array.from({ length: lines }, () => h('div', { class: 'skeleton' }));
  return h('div', { class: 'card', 'aria-busy': 'true' }, h('span', { class: 'hidden' }, 'Loading'), bars);
}

/** Tells those who listen rather than look. @param {string} text */
export function say(text) {
  const place = document.getElementById('said');
  if (place !== null) place.textContent = text;
}

/**
 * @param {string} caption
 * @param {(string | { text: string, number: true })[]} heads
 * @param {Child[][]} rows
 * @param {{ empty?: string, isCaptionShown?: boolean }} [options]
 */
export function table(caption, heads, rows, { empty = 'Nothing.', isCaptionShown = false } = {}) {
  if (rows.length === 0) return h('p', { class: 'quiet' }, empty);
  const isNumber = heads.map((head) => typeof head !== 'string');
  const head = h(
    'tr',
    {},
    heads.map((each) =>
      h('th', { scope: 'col', class: typeof each === 'string' ? null : 'number' }, typeof each === 'string' ? each : each.text),
    ),
  );
  const body = rows.map((cells) =>
    h(
      'tr',
      {},
      cells.map((cell, index) => h('td', { class: isNumber[index] ? 'number' : null }, cell)),
    ),
  );
  return h(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: 0 },
    h(
      'table',
      {},
      h('caption', { class: isCaptionShown ? null : 'hidden' }, caption),
      h('thead', {}, head),
      h('tbody', {}, body),
    ),
  );
}

/** @param {[string, Child][]} pairs those without a value are left out */
export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return h(
    'dl',
    { class: 'facts' },
    shown.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
  );
}
