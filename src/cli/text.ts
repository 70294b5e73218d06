// Owns how text gets onto a terminal: colours only where they are wanted, columns aligned.
import { styleText } from 'node:util';
import { harmlessJson, visible } from '../shown.ts';

export { visible };

/** A value as indented JSON that is harmless on a terminal and still the same value to a parser. */
export function visibleJson(value: unknown): string {
  return harmlessJson(JSON.stringify(value, null, 2));
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
