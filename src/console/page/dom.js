// Owns the making of elements. Data reaches the document as text and attributes only: there is no way from here to markup.

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Readonly<Record<string, unknown>>} Attributes */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An element. `onclick` and the like become listeners; null, undefined and false leave an attribute out, true makes it empty.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes
 * @param {...(Child | readonly Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  furnish(element, attributes);
  append(element, children);
  return element;
}

/**
 * An element of a drawing.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = /** @type {SVGElementTagNameMap[Tag]} */ (document.createElementNS(SVG, tag));
  furnish(element, attributes);
  append(element, children);
  return element;
}

/**
 * @param {Element} element
 * @param {Attributes} attributes
 */
function furnish(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value));
  }
}

/**
 * @param {Element} element
 * @param {readonly (Child | readonly Child[])[]} children
 */
function append(element, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/**
 * What shows one thing that is read again and again: it is made anew only where the thing has changed, and who was at something in
 * it (by `data-key`) is at it again afterwards, with what was unfolded still unfolded.
 * @template T
 * @param {HTMLElement} host
 * @param {(thing: T) => readonly Child[]} make
 * @param {(thing: T) => unknown} by what of the thing is shown
 * @returns {(thing: T) => void}
 */
export function shown(host, make, by = (thing) => thing) {
  let last = '';
  return (thing) => {
    const signature = JSON.stringify(by(thing)) ?? '';
    if (signature === last) return;
    last = signature;
    keepingPlace(host, () => {
      host.replaceChildren();
      append(host, make(thing));
    });
  };
}

/**
 * @param {HTMLElement} host
 * @param {() => void} change
 */
export function keepingPlace(host, change) {
  const active = document.activeElement;
  const key = active instanceof HTMLElement && host.contains(active) ? active.dataset.key : undefined;
  const unfolded = new Set([...host.querySelectorAll('details[open]')].map(keyOf));
  change();
  for (const details of host.querySelectorAll('details')) if (unfolded.has(keyOf(details))) details.open = true;
  if (key === undefined) return;
  const same = [...host.querySelectorAll('[data-key]')].find((element) => keyOf(element) === key);
  if (same instanceof HTMLElement) same.focus({ preventScroll: true });
}

/** @param {Element} element */
function keyOf(element) {
  return element instanceof HTMLElement ? element.dataset.key : undefined;
}
