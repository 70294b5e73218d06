// Owns how text gets onto a terminal: what could control it is shown escaped, colours only where they are wanted, columns aligned.
import { styleText } from 'node:util';

/** Control characters, halves of surrogate pairs, separators of lines, and those that turn the direction of writing. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Makes text from elsewhere harmless on a terminal and one line long: an escape sequence shows as \u001b and does nothing. */
export function visible(text: string): string {
  return text.replace(UNSAFE, (character) => SHORT[character] ?? escaped(character));
}

/** A value as indented JSON that is harmless on a terminal and still the same value to a parser. */
export function visibleJson(value: unknown): string {
  // JSON.stringify leaves DEL, C1 controls and marks of direction as they are; all of them can stand in strings alone. The line
  // feeds between the lines are its own.
  return JSON.stringify(value, null, 2).replace(UNSAFE, (character) => (character === '\n' ? character : escaped(character)));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow';
/** Colours a text that is harmless already, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

/** @returns colours for a terminal; none for a file or a pipe, for a terminal without them, and with NO_COLOR */
export function paintFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const wanted = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  return wanted ? (colour, text) => styleText(colour, text, { validateStream: false }) : (_colour, text) => text;
}

export interface Column {
  readonly title: string;
  readonly align?: 'right';
}

/**
 * Rows under their titles, aligned, each line indented by two.
 * @param rows text as it came; it is made harmless here
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Paint): string {
  const shown = rows.map((row) => row.map(visible));
  const widths = columns.map(({ title }, index) => Math.max(title.length, ...shown.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const [cell, width] = [cells[index] ?? '', widths[index] ?? 0];
        return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const head = paint('dim', line(columns.map(({ title }) => title)));
  return [head, ...shown.map(line)].map((text) => `  ${text}\n`).join('');
}

/** 1234567 as 1,234,567. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** 1 row, 2 rows. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}
