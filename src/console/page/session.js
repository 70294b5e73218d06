// Owns who uses the page: the name it was signed in with, and signing out. Where nobody has to sign in, there is no name.
import { isGivenUp, read } from './ask.js';

/** @typedef {{ readonly name: string | null, readonly mayAct: boolean }} Session */

/** Until it is known: the service decides anyway. @type {Session} */
let session = { name: null, mayAct: true };

export function currentSession() {
  return session;
}

/** @param {{ place: HTMLElement, name: HTMLElement, button: HTMLElement }} where it is shown */
export async function showSession({ place, name, button }) {
  button.addEventListener('click', () => void signOut());
  try {
    session = await read('/console/api/session', new AbortController().signal);
  } catch (error) {
    // The views tell what is wrong; this is only a name.
    if (isGivenUp(error)) return;
  }
  if (session.name === null) return;
  name.textContent = session.mayAct ? `Signed in as ${session.name}` : `Signed in as ${session.name}, to look`;
  place.hidden = false;
}

async function signOut() {
  await fetch('/console/session', { method: 'DELETE', credentials: 'same-origin' }).catch(() => null);
  location.reload();
}
