// Owns a transaction's story as a line of time: what happened, how long after the beginning, from which state to which.
import { h } from './dom.js';
import { count, eventInWords, milliseconds, moment, span } from './words.js';

/** @import { Child } from './dom.js' */
/** @import { HistoryEvent } from './shapes.d.ts' */

const DECISIONS = new Set(['CONFIRM', 'CANCEL', 'EXPIRE', 'PARTICIPANT_REFUSED']);
const OPERATORS = new Set(['RETRY', 'RESOLVE']);
/** What stands in the sentence already, or is of use to the machine alone. */
const TOLD = new Set(['participant', 'branchId', 'fence', 'items', 'by', 'note']);

/**
 * @param {readonly HistoryEvent[]} history
 * @param {string} createdAt
 */
export function timeline(history, createdAt) {
  const startMs = Date.parse(createdAt);
  return h(
    'ol',
    { class: 'timeline' },
    history.map((event) => entryOf(event, startMs)),
  );
}

/**
 * @param {HistoryEvent} entry
 * @param {number} startMs
 */
function entryOf({ at, event, from, to, detail = {} }, startMs) {
  const { participant, by, note, items } = detail;
  const after = Date.parse(at) - startMs;
  const text = eventInWords(event);
  const isActed = OPERATORS.has(event) || typeof by === 'string';
  return h(
    'li',
    {
      class:
        `${DECISIONS.has(event) ? 'decision' : ''} ${isActed ? 'operator' : ''} ${failed(event, from, to) ? 'failed' : ''}`.trim(),
    },
    h(
      'p',
      { class: 'event' },
      typeof participant === 'string' ? h('span', { class: 'strong' }, `${participant} `) : null,
      text,
      ' ',
      stateChange(from, to),
    ),
    h(
      'p',
      { class: 'at' },
      h('time', { datetime: at, title: at }, moment(at)),
      after > 0 ? h('span', {}, ` +${span(after)}`) : null,
    ),
    typeof by === 'string'
      ? h('p', {}, 'By ', h('span', { class: 'strong' }, by), typeof note === 'string' ? `: ${note}` : null)
      : null,
    typeof by !== 'string' && typeof note === 'string' ? h('p', {}, note) : null,
    items === undefined ? null : h('p', { class: 'dim' }, basketOf(items)),
    event.startsWith('ATTEMPT_') ? replyOf(detail) : detailOf(detail),
  );
}

/**
 * @param {string} event
 * @param {string | null} from
 * @param {string} to
 */
function failed(event, from, to) {
  return event.startsWith('ATTEMPT_') && (from === to || to === 'REFUSED');
}

/**
 * @param {string | null} from
 * @param {string} to
 * @returns {Child}
 */
function stateChange(from, to) {
  if (from === to) return null;
  return h('span', { class: 'change' }, from === null ? to : `${from} → ${to}`);
}

/** What one call came to. @param {Readonly<Record<string, unknown>>} detail */
function replyOf({ attempt, outcome, status, error, durationMs }) {
  const reply = typeof status === 'number' ? `${status} ${outcome}` : String(outcome);
  const took = typeof durationMs === 'number' ? `, took ${milliseconds(durationMs)}` : '';
  const told = h('p', { class: 'dim' }, `Attempt ${attempt}: ${reply}${took}`);
  if (typeof error === 'string') told.append('. ', h('span', { class: 'error-text' }, error));
  return told;
}

/** @param {Readonly<Record<string, unknown>>} detail */
function detailOf(detail) {
  const told = Object.entries(detail).filter(([name, value]) => !TOLD.has(name) && value !== null && value !== undefined);
  if (told.length === 0) return null;
  return h('p', { class: 'dim breakable' }, told.map(([name, value]) => `${inWords(name)}: ${plain(value)}`).join('; '));
}

/** @param {string} name */
function inWords(name) {
  return name.replaceAll(/([A-Z])/g, ' $1').toLowerCase();
}

/** @param {unknown} value */
function plain(value) {
  if (Array.isArray(value)) return basketOf(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `2 × SKU-1 in default`; whatever else stands there, as JSON. @param {unknown} items */
function basketOf(items) {
  if (!Array.isArray(items)) return JSON.stringify(items);
  return items
    .map((item) => {
      /** @type {Record<string, unknown>} */
      const { sku, warehouse, quantity, requested, available } = Object(item);
      if (typeof sku !== 'string') return JSON.stringify(item);
      if (typeof requested === 'number')
        return `${count(requested)} × ${sku} in ${warehouse}, where ${count(Number(available))} were available`;
      return `${count(Number(quantity))} × ${sku}${warehouse === undefined ? '' : ` in ${warehouse}`}`;
    })
    .join(', ');
}
