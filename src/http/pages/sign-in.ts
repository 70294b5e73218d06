// Owns the page that asks for a key: what a browser gets where it is not known yet. A plain form, without a script.
import { hash } from 'node:crypto';
import { escapeHtml } from './html.ts';

const STYLE = `:root{color-scheme:light dark;--ink:#1c2430;--soft:#566173;--line:#8a94a3;--ground:#fff;--accent:#0b5cad}
@media(prefers-color-scheme:dark){:root{--ink:#dfe5ee;--soft:#a3aebd;--line:#6b7686;--ground:#12161c;--accent:#7ab8ff}}
*{box-sizing:border-box}body{font:16px/1.5 system-ui,sans-serif;margin:0;color:var(--ink);background:var(--ground);display:grid;place-items:center;min-height:100vh}
main{width:min(28rem,100% - 2rem)}h1{font-size:1.4rem}label{display:block;font-weight:600}p{color:var(--soft)}
input{width:100%;margin:.3rem 0 1rem;padding:.5rem;font:14px ui-monospace,monospace;border:1px solid var(--line);border-radius:4px;background:var(--ground);color:var(--ink)}
button{padding:.5rem 1.2rem;border:0;border-radius:4px;background:var(--accent);color:var(--ground);font:inherit;font-weight:600;cursor:pointer}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}.said{color:var(--ink);border-left:4px solid var(--accent);padding-left:.7rem}`;

/** Nothing runs on it, and its form goes nowhere else. */
export const SIGN_IN_POLICY = `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;

/** @param said why the last try did not do; null at first */
export function signInPage(said: string | null): string {
  const told = said === null ? '' : `<p class="said" role="alert">${escapeHtml(said)}</p>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="referrer" content="same-origin"><title>Sign in · holdfast</title><style>${STYLE}</style></head><body><main><h1>holdfast</h1>${told}<form method="post" action="/console/session"><label for="key">API key or token</label><input id="key" name="key" type="password" required autocomplete="current-password" maxlength="8192" spellcheck="false" autofocus><button type="submit">Sign in</button></form><p>It needs the scope operations:read to look, and admin to act. A key is made by <code>holdfast keys create</code>.</p></main></body></html>`;
}
