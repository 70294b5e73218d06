// Owns the requests of a run: which they are is said by the seed and their number alone, whatever is answered. Mostly they are what the
// document describes, so that something builds up; now and then one of everything else that can come down a wire.
import { type Chance, chanceOf } from '../chaos/random.ts';
import { sealCursor } from '../src/http/cursor.ts';
import { BODIES, CONTENT_TYPES, HEADERS, TEXTS } from './hostile.ts';
import { type Document, type Operation, oddValue, type Parameter, type Pool, valueFor } from './values.ts';

export interface FuzzRequest {
  readonly method: string;
  /** As it goes into the request line. */
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer | null;
  /** How many bytes of the body are sent, where the connection is cut off in it; null: all. */
  readonly cutAt: number | null;
}

/** Under which names keys are known to a run; the runner puts the keys in. */
export const CALLERS = ['admin', 'transactions', 'stock', 'operations', 'revoked', 'nobody', 'nonsense'] as const;
export type Caller = (typeof CALLERS)[number];

interface Call {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export class Requests {
  readonly #seed: number;
  readonly #document: Document;
  readonly #calls: readonly Call[];
  readonly #pool: Pool;

  constructor(seed: number, document: Document) {
    this.#seed = seed;
    this.#document = document;
    this.#calls = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    );
    const chance = chanceOf(seed, 'pool');
    this.#pool = {
      ids: Array.from({ length: 300 }, () => chance.uuid()),
      skus: Array.from({ length: 12 }, (_, index) => `FUZZ-${index + 1}`),
      participants: ['payment', 'shipping', 'fuzz/odd:name'],
    };
  }

  /**
   * @param isOpen whether there is no key yet: then none is made, which would end that
   * @returns the request of this number, and who sends it
   */
  at(number: number, isOpen: boolean): { readonly request: FuzzRequest; readonly caller: Caller } {
    const chance = chanceOf(this.#seed, `request ${number}`);
    const caller = chance.happens(0.8) ? 'admin' : chance.pick(CALLERS);
    for (;;) {
      const request = this.#requestOf(chance);
      const makesKey = request.method === 'POST' && request.target.includes('keys');
      if (!isOpen || !makesKey) return { request, caller };
    }
  }

  #requestOf(chance: Chance): FuzzRequest {
    // What moves stock comes more often than what reads about it.
    const call = chance.happens(0.45)
      ? this.#oneOf(['/v1/transactions', '/v1/batch', '/v1/stock/movements'], chance)
      : chance.pick(this.#calls);
    const method = chance.happens(0.02)
      ? chance.pick(['HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'DELETE', 'PUT', 'GET', 'POST', 'PROPFIND'])
      : call.method;
    const headers: [string, string][] = [];
    for (let count = chance.happens(0.25) ? chance.between(1, 3) : 0; count > 0; count -= 1)
      headers.push([...chance.pick(HEADERS)]);
    const body = method === 'GET' || method === 'HEAD' ? null : this.#bodyOf(call, headers, chance);
    const cutAt = body !== null && body.length > 1 && chance.happens(0.005) ? chance.between(0, body.length - 1) : null;
    return { method, target: this.#targetOf(call, chance), headers, body, cutAt };
  }

  #oneOf(paths: readonly string[], chance: Chance): Call {
    return chance.pick(this.#calls.filter(({ path, method }) => method === 'POST' && paths.some((one) => path.startsWith(one))));
  }

  #targetOf({ path, operation }: Call, chance: Chance): string {
    const parameters = operation.parameters ?? [];
    const target = path.replace(/\{(\w+)\}/g, (_, name: string) =>
      encoded(
        this.#textOf(
          parameters.find((one) => one.name === name),
          name,
          chance,
        ),
        chance,
      ),
    );
    const queries = parameters.filter((one) => one.in === 'query');
    const asked = queries
      .filter(() => chance.happens(0.3))
      .map((one) => `${one.name}=${encoded(this.#queryOf(one, chance), chance)}`);
    if (chance.happens(0.02)) asked.push(`${encoded(chance.pick(TEXTS), chance)}=${encoded(chance.pick(TEXTS), chance)}`);
    if (asked.length > 0 && chance.happens(0.02)) asked.push(asked[0] ?? '');
    if (chance.happens(0.003)) asked.push('a'.repeat(chance.pick([2_000, 20_000, 140_000])));
    const odd = chance.happens(0.01) ? chance.pick(['/', '//', '/..', '%2f', ';x', '?', '#x', '%']) : '';
    return `${target}${odd}${asked.length === 0 ? '' : `?${asked.join('&')}`}`;
  }

  #textOf(parameter: Parameter | undefined, name: string, chance: Chance): string {
    if (name === 'name') return chance.happens(0.9) ? chance.pick(this.#pool.participants) : chance.pick(TEXTS);
    return textIn(valueFor(this.#document, parameter?.schema, name, this.#pool, chance));
  }

  #queryOf({ name, schema }: Parameter, chance: Chance): string {
    if (name !== 'cursor') return textIn(valueFor(this.#document, schema, name, this.#pool, chance));
    // Ones that were never given out, with a checksum as good as ours: they must lead nowhere, or on in the list.
    const key = Array.from({ length: chance.between(0, 4) }, () =>
      chance.pick([...TEXTS, '0', '999999999999999', chance.pick(this.#pool.ids)]),
    );
    const filter = chance.pick([null, { prefix: null, skus: null }, ['FUZZ-1', null]]);
    return chance.happens(0.7)
      ? sealCursor(chance.pick(['transactions', 'stock', 'stock-history', 'stuck', 'keys', 'audit']), filter, key)
      : chance.pick(TEXTS);
  }

  #bodyOf({ operation, path }: Call, headers: [string, string][], chance: Chance): Buffer | null {
    const content = operation.requestBody?.content ?? {};
    const types = Object.keys(content);
    const type = types.length === 0 ? 'application/json' : chance.pick(types);
    headers.push(['Content-Type', chance.happens(0.03) ? chance.pick(CONTENT_TYPES) : type]);
    if (chance.happens(0.03)) return Buffer.from(chance.pick(BODIES));
    if (types.length === 0) return chance.happens(0.9) ? null : Buffer.from('{}');
    if (path === '/v1/stock/import') return Buffer.from(this.#rows(type, chance));
    if (chance.happens(0.02)) return Buffer.from(oddValue(chance));
    if (path === '/v1/batch') return Buffer.from(this.#batch(chance));
    const text = valueFor(this.#document, content[type]?.schema, '', this.#pool, chance);
    // No byte is lost on the way to the wire that was not whole before: half a surrogate pair is written as JSON writes it.
    return Buffer.from(text);
  }

  #batch(chance: Chance): string {
    const operations = Array.from({ length: chance.between(0, 12) }, () => {
      if (chance.happens(0.05)) return oddValue(chance);
      const op = chance.pick(['try', 'confirm', 'cancel']);
      const schema = {
        properties: {
          id: {},
          ...(op === 'try'
            ? {
                items: { type: 'array', items: { properties: { sku: {}, quantity: {} }, required: ['sku', 'quantity'] } },
                timeoutMs: {},
              }
            : {}),
        },
        required: ['id'],
      };
      const call = valueFor(this.#document, schema, '', this.#pool, chance);
      return call.startsWith('{') ? `{"op":"${op}"${call === '{}' ? '' : ','}${call.slice(1)}` : call;
    });
    return `{"operations":[${operations.join(',')}]}`;
  }

  #rows(type: string, chance: Chance): string {
    const rows = Array.from({ length: chance.between(0, 6) }, () => {
      const sku = chance.happens(0.9) ? chance.pick(this.#pool.skus) : chance.pick(TEXTS);
      const count = chance.happens(0.9) ? String(chance.between(0, 500)) : textIn(oddValue(chance));
      return type === 'text/csv' ? `${sku},default,${count}` : `{"sku":${JSON.stringify(sku)},"available":${count}}`;
    });
    const header = chance.happens(0.95) ? 'sku,warehouse,available' : chance.pick(TEXTS);
    return `${type === 'text/csv' ? `${header}\n` : ''}${rows.join(chance.pick(['\n', '\r\n', '\n\n']))}\n`;
  }
}

function textIn(json: string): string {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'string' ? value : json;
  } catch {
    return json;
  }
}

/** Mostly as it should be; what cannot be encoded, and a little of the rest, as it is, but for what would end the request line. */
function encoded(text: string, chance: Chance): string {
  const isRaw = chance.happens(0.03) || !text.isWellFormed();
  return isRaw ? text.toWellFormed().replace(/\s/g, '%20').replaceAll('\0', '%00') : encodeURIComponent(text);
}
