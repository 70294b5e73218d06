// Owns how the report's page shows rows: a table with a caption and named columns, that scrolls where it is wider than the screen.
import { type Content, type Markup, markup } from './markup.ts';

export interface Column<Row> {
  readonly title: string;
  /** A figure stands to the right; a name heads its row; prose has room to run on. */
  readonly as: 'name' | 'figure' | 'text' | 'prose';
  cell(row: Row): Content;
}

export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Markup {
  const titles = columns.map(({ title, as }) => markup`<th scope="col"${classOf(as)}>${title}</th>`);
  const lines = rows.map((row) => markup`<tr>${columns.map((column) => cellOf(column, row))}</tr>\n`);
  return markup`<div class="paper scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${titles}</tr></thead>
<tbody>
${lines}</tbody>
</table></div>`;
}

function cellOf<Row>({ as, cell }: Column<Row>, row: Row): Markup {
  return as === 'name' ? markup`<th scope="row">${cell(row)}</th>` : markup`<td${classOf(as)}>${cell(row)}</td>`;
}

function classOf(as: Column<unknown>['as']): Markup | null {
  if (as === 'figure') return markup` class="figure"`;
  return as === 'prose' ? markup` class="wide"` : null;
}
