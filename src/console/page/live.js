// Owns the live figures: one stream of server-sent events for the page, opened again with growing pauses where it breaks, and how
// old what is shown is.

/** @import { LiveSample } from './standing.d.ts' */
/** @typedef {{ readonly state: 'connecting' | 'live' | 'stale', readonly since: number | null }} LiveState */

const KEPT = 120;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** One comes every second; three that do not come are a fault. */
const STALE_AFTER_MS = 4000;

export class Live {
  /** The last two minutes, oldest first. @type {LiveSample[]} */
  samples = [];
  /** @type {LiveState} */
  state = { state: 'connecting', since: null };
  /** @type {EventSource | null} */
  #source = null;
  /** @type {Set<() => void>} */
  #listeners = new Set();
  #pauseMs = FIRST_PAUSE_MS;
  #retry = 0;
  #stale = 0;
  #path;
  #onBroken;

  /**
   * @param {string} path
   * @param {() => void} onBroken why it broke, a stream does not tell
   */
  constructor(path, onBroken) {
    this.#path = path;
    this.#onBroken = onBroken;
    // Nobody looks at a hidden page: it holds no place among the listeners meanwhile.
    document.addEventListener('visibilitychange', () => (document.hidden ? this.#close() : this.open()));
  }

  open() {
    if (this.#source !== null) return;
    clearTimeout(this.#retry);
    const source = new EventSource(this.#path);
    this.#source = source;
    this.#awaitNext();
    source.addEventListener('message', (event) => this.#take(event.data));
    source.addEventListener('error', () => this.#broken());
  }

  /**
   * Tells whenever there is something new, and once now.
   * @param {() => void} listener
   * @param {AbortSignal} signal until then
   */
  listen(listener, signal) {
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => this.#listeners.delete(listener));
    listener();
  }

  /** @param {string} data */
  #take(data) {
    /** @type {LiveSample} */
    let sample;
    try {
      sample = JSON.parse(data);
    } catch {
      return;
    }
    this.samples = [...this.samples.slice(1 - KEPT), sample];
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#become({ state: 'live', since: Date.now() });
    this.#awaitNext();
  }

  #awaitNext() {
    clearTimeout(this.#stale);
    this.#stale = setTimeout(() => this.#become({ state: 'stale', since: this.state.since }), STALE_AFTER_MS);
  }

  #broken() {
    this.#close();
    this.#become({ state: 'stale', since: this.state.since });
    this.#onBroken();
    // Spread, so that all pages do not come back in the same instant.
    this.#retry = setTimeout(() => this.open(), this.#pauseMs * (0.75 + Math.random() / 2));
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
  }

  #close() {
    clearTimeout(this.#stale);
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
  }

  /** @param {LiveState} state */
  #become(state) {
    this.state = state;
    for (const listener of this.#listeners) listener();
  }
}
