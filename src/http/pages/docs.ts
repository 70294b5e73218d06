// Owns GET /docs: a page to read and try the API from /openapi.json. Self-made and without outside assets, since the packages for
// it weigh megabytes and a coordinator often runs where no other host is reachable.
import { hash } from 'node:crypto';
import { DOCS_SCRIPT } from './docs-script.ts';

const STYLE = `:root{--ink:#1c2430;--soft:#5b6675;--line:#d9dfe7;--ground:#fff;--panel:#f5f7fa;--accent:#0b5cad}
@media(prefers-color-scheme:dark){:root{--ink:#dfe5ee;--soft:#97a3b4;--line:#2e3744;--ground:#12161c;--panel:#1a2029;--accent:#7ab8ff}}
*{box-sizing:border-box}body{font:15px/1.55 system-ui,sans-serif;margin:0 auto;max-width:64rem;padding:1.5rem;color:var(--ink);background:var(--ground)}
h1{margin:.2rem 0}h2{margin:2rem 0 .5rem}a{color:var(--accent)}.soft{color:var(--soft)}
details.call{border:1px solid var(--line);border-radius:6px;margin:.5rem 0;background:var(--panel)}
details.call>summary{cursor:pointer;padding:.55rem .8rem;display:flex;gap:.8rem;align-items:baseline;flex-wrap:wrap}
details.call>div{padding:.2rem .9rem .9rem}
.method{font:600 12px ui-monospace,monospace;min-width:4em;color:var(--accent)}.path,code,pre,textarea,input{font-family:ui-monospace,monospace;font-size:13px}
table{border-collapse:collapse;width:100%;margin:.4rem 0}td,th{border-top:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top}
input,textarea{width:100%;padding:.35rem;border:1px solid var(--line);border-radius:4px;background:var(--ground);color:var(--ink)}textarea{min-height:8rem}
button{padding:.4rem 1rem;border:0;border-radius:4px;background:var(--accent);color:var(--ground);font-weight:600;cursor:pointer;margin:.5rem 0}
pre{overflow:auto;background:var(--ground);border:1px solid var(--line);border-radius:4px;padding:.6rem;max-height:24rem}`;

/** Nothing but this page's own script and style runs, and it may talk to its own origin alone. */
export const DOCS_POLICY = `default-src 'none'; script-src 'sha256-${hash('sha256', DOCS_SCRIPT, 'base64')}'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>holdfast API</title><style>${STYLE}</style></head><body><main id="main"><p>Loading <a href="/openapi.json">/openapi.json</a> …</p></main><noscript>This page needs JavaScript; the document itself is <a href="/openapi.json">/openapi.json</a>.</noscript><script>${DOCS_SCRIPT}</script></body></html>`;

/** The page. */
export function docsPage(): string {
  return PAGE;
}
