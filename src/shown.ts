// Owns how text from elsewhere is repeated, so that it can neither control a terminal, nor begin a line of its own, nor turn the
// direction of what stands around it: in answers, in the log, on the command line. Pure.

/** Control characters, halves of surrogate pairs, separators of lines, and those that turn the direction of writing. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
/** The same without what JSON itself escapes. */
const UNSAFE_IN_JSON = /[\x7f-\x9f\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const MOST_CHARACTERS = 200;

/** Makes text from elsewhere harmless on a terminal and one line long: an escape sequence shows as \u001b and does nothing. */
export function visible(text: string): string {
  return text.replace(UNSAFE, (character) => SHORT[character] ?? escaped(character));
}

/** The same, and no longer than a person wants to read. */
export function shown(text: string, mostCharacters = MOST_CHARACTERS): string {
  return visible(text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text);
}

/**
 * Makes JSON text harmless; to a parser it is the same value.
 * @param json as JSON.stringify makes it: what this looks for can stand in strings alone, and line feeds between them
 */
export function harmlessJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
