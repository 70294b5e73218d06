// Owns what a person sees once the coordinator serves: where it listens, and three lines to try it with.
import { randomUUID } from 'node:crypto';

const CURL_OVER_TLS =
  'Where curl does not know who signed the certificate, add --cacert FILE; where it must show one of its own, --cert FILE --key FILE.';

/**
 * @param url where it listens
 * @returns text with three curl lines that work as they are; a new transaction id each time, so that they always do
 */
export function banner(url: string): string {
  const id = randomUUID();
  const post = (path: string, body: string): string =>
    `  curl -sS ${url}${path} -H 'content-type: application/json' -d '${body}'`;
  return [
    `holdfast listens on ${url}`,
    '',
    'Receive stock, reserve a basket, confirm it:',
    '',
    post('/v1/stock/movements', '{"sku":"SKU-1","kind":"RECEIVE","quantity":10}'),
    post('/v1/transactions', `{"id":"${id}","items":[{"sku":"SKU-1","quantity":2}]}`),
    `  curl -sS -X POST ${url}/v1/transactions/${id}/confirm`,
    '',
    ...(url.startsWith('https:') ? [CURL_OVER_TLS, ''] : []),
    `The API, to read and try: ${url}/docs`,
    '',
  ].join('\n');
}
