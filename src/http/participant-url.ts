// Owns what the URL of a participant may be: /try, /confirm and /cancel are put behind it. Pure.

const MAX_URL_CHARACTERS = 2_048;

/** @returns what is wrong with the text, or null where calls can go there */
export function urlFault(text: string): string | null {
  if (text.length > MAX_URL_CHARACTERS) return `must be at most ${MAX_URL_CHARACTERS} characters`;
  // What URL() would mend in silence: white space, backslashes, a missing `//`.
  if (!/^https?:\/\/[^\s\\]+$/i.test(text) || !URL.canParse(text)) return 'must be an absolute URL of http or https';
  if (text.includes('?') || text.includes('#')) return 'must have no query and no fragment: /try and the like are put behind it';
  const { username, password } = new URL(text);
  if (username !== '' || password !== '') return 'must have no user and no password';
  return plainUrl(text).length > MAX_URL_CHARACTERS ? `must be at most ${MAX_URL_CHARACTERS} characters` : null;
}

/**
 * The URL in its one normal form, without a slash at its end.
 * @param text one without a fault
 */
export function plainUrl(text: string): string {
  const { href } = new URL(text);
  let end = href.length;
  while (href[end - 1] === '/') end -= 1;
  return href.slice(0, end);
}
