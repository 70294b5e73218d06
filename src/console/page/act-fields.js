// Owns the fields of an operator's act, and the name that this browser remembers.
import { h } from './dom.js';

/** @typedef {'CONFIRMED' | 'CANCELLED'} Settlement */

const NAME_KEY = 'holdfast-console-by';

/** @param {{ participant: string, decision: Settlement }} given */
export function settlementField({ participant, decision }) {
  const options = /** @type {const} */ ([
    ['CONFIRMED', 'It carried the confirm out'],
    ['CANCELLED', 'It cancelled, or never held anything'],
  ]);
  return h(
    'fieldset',
    {},
    h('legend', {}, `What did ${participant} do in the end?`),
    options.map(([value, text]) =>
      h(
        'label',
        { class: 'check' },
        h('input', { type: 'radio', name: 'as', value, required: true }),
        h(
          'span',
          {},
          `${text} (${value})`,
          value === decision
            ? null
            : h('span', { class: 'hint' }, 'Against the decision: the transaction needs attention for good.'),
        ),
      ),
    ),
  );
}

/**
 * @param {string} name
 * @param {Node} control
 * @param {string} hint
 */
export function field(name, control, hint) {
  return h('label', { class: 'field' }, h('span', {}, name), control, h('span', { class: 'hint' }, hint));
}

export function rememberedName() {
  try {
    return localStorage.getItem(NAME_KEY) ?? '';
  } catch {
    return '';
  }
}

/** @param {string} name */
export function remember(name) {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // A browser that keeps nothing asks again.
  }
}
