// Owns what an operator does: the dialog that says what it means, takes a name, a note and the typed confirmation, and tells how it
// ended. The service decides; nothing is shown as done before it says so.
import { field, remember, rememberedName, settlementField } from './act-fields.js';
import { AskProblem, act, problemOf } from './ask.js';
import { h } from './dom.js';
import { announce } from './pieces.js';
import { currentSession } from './session.js';

/** @import { Settlement } from './act-fields.js' */
/**
 * @typedef {{ kind: 'retry' | 'cancel', id: string, again: () => void }
 *   | { kind: 'resolve', id: string, branchId: string, participant: string, decision: Settlement, again: () => void }} Act
 */

const TYPED = 6;
const WORDS = {
  retry: {
    button: 'Retry now',
    title: 'Retry now',
    done: 'Asked: every branch that waits is tried now',
    means:
      'Every branch that waits is tried at once, whatever its pause or the breaker says. Participants answer the same call twice the same, so this harms nothing.',
  },
  cancel: {
    button: 'Cancel …',
    title: 'Cancel the transaction',
    done: 'Cancelled',
    means:
      'The decision is cancel, for ever: what is held is released, and every participant is told. A confirm that comes afterwards is refused.',
  },
  resolve: {
    button: 'Resolve …',
    title: 'Settle a branch by hand',
    done: 'The branch is settled',
    means:
      'Only where the participant cannot settle it itself, and you know what it did. Later replies of this branch are ignored, and it cannot be undone.',
  },
};

/** @param {Act} given */
export function actButton(given) {
  const { button } = WORDS[given.kind];
  const key = `act:${given.kind}:${given.kind === 'resolve' ? given.branchId : ''}`;
  const name = given.kind === 'resolve' ? `Resolve the branch of ${given.participant}` : null;
  const tone = given.kind === 'retry' ? 'button' : 'button danger';
  const disabled = !currentSession().mayAct;
  return h(
    'button',
    { type: 'button', class: tone, 'data-key': key, 'aria-label': name, disabled, onclick: () => openDialog(given) },
    button,
  );
}

/** @param {Act} given */
function openDialog(given) {
  const { title, means } = WORDS[given.kind];
  const isTyped = given.kind !== 'retry';
  const signedIn = currentSession().name;
  const name = h('input', {
    name: 'by',
    required: true,
    maxlength: 100,
    autocomplete: 'name',
    value: signedIn ?? rememberedName(),
  });
  const note = h('textarea', { name: 'note', rows: 2, maxlength: 500, required: isTyped });
  const typed = h('input', {
    name: 'typed',
    required: true,
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    class: 'mono',
    maxlength: TYPED,
    'aria-describedby': 'act-typed',
  });
  const send = h('button', { type: 'submit', class: isTyped ? 'button danger' : 'button primary' }, title);
  const close = h('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, 'Close');
  const said = h('div', { role: 'alert', class: 'said' });
  const form = h(
    'form',
    { method: 'dialog' },
    h('h2', { id: 'act-title' }, title),
    h('p', { class: 'mono breakable dim' }, given.id),
    h('p', {}, means),
    given.kind === 'resolve' ? settlementField(given) : null,
    signedIn === null
      ? field('Your name', name, 'It stands in the history, and this browser remembers it.')
      : h('p', {}, `As ${signedIn}, which stands in the history.`),
    field(isTyped ? 'Why' : 'Why (optional)', note, 'It stands in the history.'),
    isTyped
      ? h(
          'label',
          { class: 'field' },
          h('span', {}, 'To confirm, type the last 6 characters of the id'),
          typed,
          h('span', { class: 'hint mono', id: 'act-typed' }, given.id.slice(-TYPED)),
        )
      : null,
    said,
    h('div', { class: 'acts' }, send, close),
  );
  const dialog = h('dialog', { class: 'act', 'aria-labelledby': 'act-title' }, form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  dialog.addEventListener('close', () => leave(dialog, given));
  document.body.append(dialog);
  dialog.showModal();
  (name.value === '' ? name : note).focus();

  async function submit() {
    if (isTyped && typed.value.trim().toLowerCase() !== given.id.slice(-TYPED)) {
      said.replaceChildren(
        refusal(new AskProblem('not-confirmed', `What you typed is not the end of this id, which is ${given.id.slice(-TYPED)}.`)),
      );
      typed.focus();
      return;
    }
    const as = new FormData(form).get('as');
    send.disabled = true;
    said.replaceChildren();
    try {
      if (signedIn === null) remember(name.value.trim());
      await act(`/console/api/transactions/${given.id}/${given.kind}`, bodyOf(given, name.value.trim(), note.value.trim(), as));
      announce(WORDS[given.kind].done);
      dialog.close();
      given.again();
    } catch (error) {
      said.replaceChildren(refusal(problemOf(error)));
      send.disabled = false;
    }
  }
}

/**
 * @param {Act} given
 * @param {string} by
 * @param {string} note
 * @param {unknown} as
 */
function bodyOf(given, by, note, as) {
  if (given.kind === 'resolve') return { by, branchId: given.branchId, as, note };
  return note === '' ? { by } : { by, note };
}

/** @param {AskProblem} problem */
function refusal(problem) {
  const code =
    problem.status === 0 && problem.code !== 'not-confirmed'
      ? ' It is not known whether it was done; the story will tell. Doing it again is safe.'
      : '';
  return h('p', { class: 'problem' }, h('code', {}, problem.code), ` ${problem.message}${code}`);
}

/**
 * The browser gives the focus back to the button, unless that was made anew or is gone since.
 * @param {HTMLDialogElement} dialog
 * @param {Act} given
 */
function leave(dialog, given) {
  dialog.remove();
  const key = `act:${given.kind}:${given.kind === 'resolve' ? given.branchId : ''}`;
  const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`) ?? document.querySelector('h1');
  if (target instanceof HTMLElement) target.focus();
}
