// Owns the writing of markup: whatever is put into it is escaped, for HTML and for XML alike, unless it is markup itself.

export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | null | readonly Content[];

/** The tag of templates: `` markup`<p>${whatever}</p>` ``. Null leaves nothing. */
export function markup(pieces: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const parts = [pieces[0] ?? ''];
  for (const [place, content] of contents.entries()) parts.push(textOf(content), pieces[place + 1] ?? '');
  return new Markup(parts.join(''));
}

function textOf(content: Content): string {
  if (content === null) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'number') return String(content);
  return typeof content === 'string' ? escaped(content) : content.map(textOf).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  // A reader of XML would make it a line feed.
  '\r': '&#13;',
};

/** What no XML 1.0 document may contain, not even by reference: control characters, halves of pairs, two that are no characters. */
const NOT_IN_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

function escaped(text: string): string {
  return text.replace(NOT_IN_XML, '\ufffd').replace(/[&<>"'\r]/g, (character) => ENTITIES[character] ?? character);
}
