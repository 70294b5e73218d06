// Owns the stream of live figures: it comes back by itself, more and more slowly, and says when what is shown is old.

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** Figures come every second; a row of missing ones is worth a word. */
const STALE_MS = 5_000;

/**
 * @param {(figures: any) => void} onFigures
 * @returns {() => void} ends it
 */
export function listen(onFigures) {
  /** @type {EventSource | null} */
  let source = null;
  let pauseMs = FIRST_PAUSE_MS;
  let heardAt = Date.now();
  /** @type {number | undefined} */
  let retry;

  function open() {
    source = new EventSource('/console/api/live');
    source.onmessage = (event) => {
      pauseMs = FIRST_PAUSE_MS;
      heardAt = Date.now();
      tellStale(null);
      onFigures(JSON.parse(event.data));
    };
    source.onerror = () => {
      source?.close();
      retry = window.setTimeout(open, pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    };
  }

  const watch = window.setInterval(() => {
    const silentMs = Date.now() - heardAt;
    if (silentMs > STALE_MS)
      tellStale(`No live figures for ${Math.round(silentMs / 1000)} s. What is shown may be old; the console keeps trying.`);
  }, 1000);
  open();
  return () => {
    source?.close();
    window.clearTimeout(retry);
    window.clearInterval(watch);
    tellStale(null);
  };
}

/** @param {string | null} text */
function tellStale(text) {
  const place = document.getElementById('stale');
  if (place === null) return;
  place.hidden = text === null;
  if (text !== null) place.textContent = text;
}
