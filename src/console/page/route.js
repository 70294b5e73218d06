// Owns the addresses within the page: #/view/subject?query. A link to any state of the page can be kept and sent.

/**
 * @typedef {object} Place
 * @property {string} view
 * @property {string} subject an id or a SKU; empty where there is none
 * @property {URLSearchParams} query
 */

/** @param {string} hash @returns {Place} */
export function placeOf(hash) {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s, 2);
  const [view = '', ...rest] = path.split('/');
  return { view: view === '' ? 'overview' : view, subject: decoded(rest.join('/')), query: new URLSearchParams(query) };
}

/**
 * @param {string} view
 * @param {string} subject
 * @param {Readonly<Record<string, string | undefined>>} query what is empty is left out
 */
export function hrefOf(view, subject = '', query = {}) {
  const given = Object.entries(query).filter((entry) => entry[1] !== undefined && entry[1] !== '');
  const search = new URLSearchParams(/** @type {[string, string][]} */ (given)).toString();
  return `#/${view}${subject === '' ? '' : `/${encodeURIComponent(subject)}`}${search === '' ? '' : `?${search}`}`;
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
