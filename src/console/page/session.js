// Owns who uses the page: the name it was signed in with, and signing out. Where nobody has to sign in, there is no name.
import { read } from './ask.js';

/** @typedef {{ readonly name: string | null, readonly mayAct: boolean }} Session */

/** Until it is known: the service decides anyway. @type {Session} */
let session = { name: null, mayAct: true };

export function currentSession() {
  return session;
}

/** @param {{ place: HTMLElement, name: HTMLElement, button: HTMLElement }} where it is shown */
export async function showSession({ place, name, button }) {
  button.addEventListener('click', () => void signOut());
  // Where it cannot be had, the views tell what is wrong; this is only a name.
  session = (await readSession()) ?? session;
  if (session.name === null) return;
  // A view may have been faster.
  for (const act of document.querySelectorAll('button[data-key^="act:"]')) act.toggleAttribute('disabled', !session.mayAct);
  name.textContent = session.mayAct ? `Signed in as ${session.name}` : `Signed in as ${session.name}, to look`;
  place.hidden = false;
}

/** Asks for a key where that of the page is no longer good. */
export function checkSession() {
  void readSession();
}

/** @returns {Promise<Session | null>} */
async function readSession() {
  return read('/console/api/session', new AbortController().signal).catch(() => null);
}

async function signOut() {
  await fetch('/console/session', { method: 'DELETE', credentials: 'same-origin' }).catch(() => null);
  location.reload();
}
