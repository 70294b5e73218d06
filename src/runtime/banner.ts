// Owns what a person sees once the coordinator serves: where it listens, and three lines to try it with.
import { randomUUID } from 'node:crypto';

const UNGUARDED =
  'There is no API key yet: whoever reaches the loopback of this machine may do everything. The first key ends that:\n  holdfast keys create --name admin --scopes admin';
const CURL_OVER_TLS =
  'Where curl does not know who signed the certificate, add --cacert FILE; where it must show one of its own, --cert FILE --key FILE.';

/**
 * @param url where it listens
 * @param isGuarded whether callers need a key
 * @returns text with three curl lines that work as they are; a new transaction id each time, so that they always do
 */
export function banner(url: string, isGuarded: boolean): string {
  const id = randomUUID();
  const key = isGuarded ? ' -H "authorization: Bearer $HOLDFAST_KEY"' : '';
  const post = (path: string, body: string): string =>
    `  curl -sS ${url}${path}${key} -H 'content-type: application/json' -d '${body}'`;
  return [
    `holdfast listens on ${url}`,
    '',
    'Receive stock, reserve a basket, confirm it:',
    '',
    post('/v1/stock/movements', '{"sku":"SKU-1","kind":"RECEIVE","quantity":10}'),
    post('/v1/transactions', `{"id":"${id}","items":[{"sku":"SKU-1","quantity":2}]}`),
    `  curl -sS -X POST ${url}/v1/transactions/${id}/confirm${key}`,
    '',
    ...(url.startsWith('https:') ? [CURL_OVER_TLS, ''] : []),
    `The API, to read and try: ${url}/docs`,
    ...(isGuarded ? [] : ['', UNGUARDED]),
    '',
  ].join('\n');
}
