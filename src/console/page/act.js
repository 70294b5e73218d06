// Owns what operators do: each act is explained, confirmed by typing where it cannot be undone, and told with a name and a note, which
// stand in the transaction's history.
import { ask } from './api.js';
import { fill, h, say } from './dom.js';

const NAME_KEY = 'holdfast-operator';

/** @type {Record<string, { title: string, text: string, isTyped: boolean, needsNote: boolean, button: string, done: string }>} */
const KINDS = {
  retry: {
    title: 'Retry now',
    text: 'Every branch that waits is asked at once, whatever its next attempt or the breaker says.',
    isTyped: false,
    needsNote: false,
    button: 'Retry now',
    done: 'Asked again.',
  },
  cancel: {
    title: 'Cancel the transaction',
    text: 'What it holds becomes available at once, and its participants are told to cancel. This cannot be undone.',
    isTyped: true,
    needsNote: true,
    button: 'Cancel the transaction',
    done: 'Cancelled.',
  },
  resolve: {
    title: 'Resolve a branch',
    text: 'You say how this branch ended, from what you have seen in its participant’s books. It is asked no more. This cannot be undone.',
    isTyped: true,
    needsNote: true,
    button: 'Resolve the branch',
    done: 'Resolved.',
  },
};

/**
 * @param {{ kind: 'retry' | 'cancel' | 'resolve', id: string, branch?: any, done: () => void }} wish
 */
export function act({ kind, id, branch, done }) {
  const { title, text, isTyped, needsNote, button, done: doneText } = /** @type {typeof KINDS[string]} */ (KINDS[kind]);
  const proof = id.slice(-6);
  const fault = h('p', { class: 'notice bad', role: 'alert', hidden: true });
  const by = h('input', {
    name: 'by',
    required: true,
    maxlength: 100,
    autocomplete: 'name',
    value: localStorage.getItem(NAME_KEY),
  });
  const note = h('textarea', { name: 'note', required: needsNote, maxlength: 500 });
  const typed = h('input', {
    name: 'typed',
    required: true,
    pattern: proof,
    autocomplete: 'off',
    spellcheck: 'false',
    title: `The last six characters: ${proof}`,
  });
  const as = h(
    'select',
    { name: 'as', required: true },
    h('option', { value: '' }, 'choose'),
    h('option', { value: 'CONFIRMED' }, 'CONFIRMED: it took effect there'),
    h('option', { value: 'CANCELLED' }, 'CANCELLED: it has no effect there'),
  );
  const send = h('button', { class: isTyped ? 'danger' : 'main' }, button);
  const form = h(
    'form',
    { class: 'stack', submit: (event) => void submit(event) },
    h('div', {}, h('h2', { id: 'act-title' }, title), h('p', {}, text), h('p', { class: 'id' }, id)),
    branch === undefined ? null : h('p', {}, `${branch.participant}, now `, h('strong', {}, branch.state)),
    branch === undefined ? null : h('label', {}, 'How it ended', as),
    h('label', {}, 'Your name', by),
    h('label', {}, needsNote ? 'Why' : 'Why (if you like)', note),
    isTyped ? h('label', {}, `To confirm, type the last six characters of the id: ${proof}`, typed) : null,
    fault,
    h('div', { class: 'row' }, send, h('button', { type: 'button', click: () => dialog.close() }, 'Leave it')),
  );
  const dialog = h('dialog', { 'aria-labelledby': 'act-title', close: () => dialog.remove() }, form);

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    localStorage.setItem(NAME_KEY, by.value.trim());
    send.disabled = true;
    const told = { by: by.value.trim(), ...(note.value.trim() === '' ? {} : { note: note.value.trim() }) };
    const body = branch === undefined ? told : { ...told, branchId: branch.id, as: as.value };
    try {
      await ask(`/console/api/transactions/${id}/${kind}`, { body });
      dialog.close();
      say(doneText);
      done();
    } catch (error) {
      fault.hidden = false;
      fill(fault, error instanceof Error ? error.message : String(error));
      send.disabled = false;
    }
  }
  document.body.append(dialog);
  dialog.showModal();
}
