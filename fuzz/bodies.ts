// Owns the bodies of requests, in each form that is taken: JSON by its schema, batches, rows of an import, what a form sends.
import type { Chance } from '../chaos/random.ts';
import { TEXTS } from './hostile.ts';
import { placeFor } from './memory.ts';
import { textIn } from './texts.ts';
import { type Document, oddValue, type Pool, type Schema, valueFor } from './values.ts';

export interface Bodies {
  readonly document: Document;
  readonly pool: Pool;
  readonly chance: Chance;
}

/** More than may be sent, and a size at which it arrives in many pieces. */
const LARGE_BYTES = [70_000, 1_048_576, 1_048_577, 9_000_000];
const TRY = {
  properties: {
    id: {},
    items: { type: 'array', items: { properties: { sku: {}, quantity: {} }, required: ['sku', 'quantity'] } },
    timeoutMs: {},
  },
  required: ['id', 'items'],
};

/** @param type the media type that it is sent as */
export function bodyOf(bodies: Bodies, path: string, type: string, schema: Schema | undefined): Buffer {
  const { document, pool, chance } = bodies;
  if (chance.happens(0.001)) return Buffer.from(`{"items":[],"x":"${'x'.repeat(chance.pick(LARGE_BYTES))}"}`);
  if (path === '/v1/stock/import') return rows(bodies, type);
  if (path === '/console/session') return form(chance);
  if (chance.happens(0.02)) return Buffer.from(oddValue(chance));
  if (path === '/v1/batch') return Buffer.from(batch(bodies));
  // No byte is lost on the way to the wire that was not whole before: half a surrogate pair is written as JSON writes it.
  return inAnyEncoding(valueFor(document, schema, '', pool, chance), chance);
}

function inAnyEncoding(json: string, chance: Chance): Buffer {
  if (chance.happens(0.99)) return Buffer.from(json);
  const utf16 = Buffer.from(`\ufeff${json}`, 'utf16le');
  return chance.pick([
    utf16,
    Buffer.from(json, 'latin1'),
    Buffer.from(`\ufeff${json}`),
    Buffer.concat([Buffer.from(json), Buffer.from([0xc3])]),
  ]);
}

function batch({ document, pool, chance }: Bodies): string {
  const operations = Array.from(
    { length: chance.happens(0.02) ? chance.pick([200, 1_000, 1_001]) : chance.between(0, 12) },
    () => {
      if (chance.happens(0.05)) return oddValue(chance);
      const op = chance.pick(['try', 'try', 'confirm', 'cancel']);
      const call = valueFor(document, op === 'try' ? TRY : { properties: { id: {} }, required: ['id'] }, '', pool, chance);
      return call.startsWith('{') ? `{"op":"${op}"${call === '{}' ? '' : ','}${call.slice(1)}` : call;
    },
  );
  return `{"operations":[${operations.join(',')}]}`;
}

function rows({ pool, chance }: Bodies, type: string): Buffer {
  const isCsv = type === 'text/csv';
  const all = Array.from({ length: chance.happens(0.01) ? 300 : chance.between(0, 6) }, () => {
    const sku = chance.happens(0.9) ? chance.pick(pool.skus) : chance.pick(TEXTS);
    const count = chance.happens(0.9) ? String(chance.between(0, 500)) : textIn(oddValue(chance));
    return isCsv ? `${sku},default,${count}` : `{"sku":${JSON.stringify(sku)},"available":${count}}`;
  });
  const header = chance.happens(0.95) ? `sku,warehouse,${chance.pick(['available', 'onHand'])}` : chance.pick(TEXTS);
  const text = Buffer.from(`${isCsv ? `${header}\n` : ''}${all.join(chance.pick(['\n', '\r\n', '\n\n']))}\n`);
  return chance.happens(0.02) ? Buffer.concat([text, Buffer.from([0xff, 0xfe, 0x00, 0x22])]) : text;
}

function form(chance: Chance): Buffer {
  const field = (): string => {
    const name = chance.happens(0.9) ? 'key' : encodeURIComponent(chance.pick(TEXTS).toWellFormed());
    const value = chance.happens(0.5) ? placeFor('secret') : encodeURIComponent(chance.pick(TEXTS).toWellFormed());
    return `${name}=${value}`;
  };
  return Buffer.from(Array.from({ length: chance.pick([0, 1, 1, 1, 2, 500]) }, field).join('&'));
}
