// Owns the pages that explain the problem codes to a person.
import { hash } from 'node:crypto';
import { PROBLEMS, type ProblemCode } from '../../errors.ts';
import { escapeHtml } from './html.ts';

const STYLE = `body{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#1c2430;background:#fff}
code{font-family:ui-monospace,monospace;background:#eef1f5;padding:.1em .35em;border-radius:4px}a{color:#0b5cad}
dt{font-weight:600;margin-top:1rem}dd{margin:0}
@media(prefers-color-scheme:dark){body{background:#12161c;color:#dfe5ee}code{background:#242b36}a{color:#7ab8ff}}`;

export const PROBLEM_POLICY = `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The page of one code. */
export function problemPage(code: ProblemCode): string {
  const { status, title, retryable, explanation } = PROBLEMS[code];
  const body = `<p><a href="/problems">All problems</a></p><h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(explanation)}</p>
<dl><dt>Code</dt><dd><code>${code}</code></dd><dt>HTTP status</dt><dd>${status}</dd>
<dt>Worth sending again unchanged?</dt><dd>${retryable ? 'Yes, after a moment.' : 'No.'}</dd></dl>`;
  return page(title, body);
}

/** The page that lists the codes. */
export function problemListPage(codes: readonly ProblemCode[]): string {
  const lines = codes.map((code) => {
    const { status, title } = PROBLEMS[code];
    return `<dt><a href="/problems/${code}"><code>${code}</code></a> ${status}</dt><dd>${escapeHtml(title)}</dd>`;
  });
  return page(
    'Problems',
    `<h1>Problems</h1><p>Every error answer has one of these codes. <a href="/docs">The API</a></p><dl>${lines.join('')}</dl>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)} · holdfast</title><style>${STYLE}</style></head><body>${body}</body></html>`;
}
