// Owns the requests of a run: which they are is said by the seed and their number alone, whatever is answered. Mostly they are what the
// document describes, so that something builds up; now and then one of everything else that can come down a wire.
import { type Chance, chanceOf } from '../chaos/random.ts';
import { type Bodies, bodyOf } from './bodies.ts';
import { CONSOLE } from './console.ts';
import { FRAMINGS, type Framing } from './framing.ts';
import { BODIES, CONTENT_TYPES, HEADERS, TEXTS } from './hostile.ts';
import { placeFor } from './memory.ts';
import { forgedCursor, textIn } from './texts.ts';
import { type Document, type Operation, type Parameter, type Pool, valueFor } from './values.ts';

export interface FuzzRequest {
  /** As the document has it, such as `POST /v1/transactions/{id}/confirm`. */
  readonly operation: string;
  readonly method: string;
  /** As it goes into the request line. */
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer | null;
  /** How many bytes of the body are sent, where the connection is cut off in it; null: all. */
  readonly cutAt: number | null;
  readonly framing: Framing;
}

/** Under which names keys are known to a run; the runner puts the keys in. `made` is one that a request of the run made. */
export const CALLERS = [
  'admin',
  'transactions',
  'stock',
  'operations',
  'revoked',
  'nobody',
  'nonsense',
  'cookie',
  'made',
] as const;
export type Caller = (typeof CALLERS)[number];

interface Call {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** How often a value of a request is odd; of most, none is. */
const ODD = [0, 0, 0, 0.06, 0.15];
const METHODS = ['HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'DELETE', 'PUT', 'GET', 'POST', 'PROPFIND'];
/** What is tried is confirmed, cancelled, refunded soon: ids come into use, and go, with the number of the request. */
const IDS_AT_A_TIME = 25;
const REQUESTS_FOR_AN_ID = 10;
/** What moves stock, and how often beside one another: more is tried than cancelled, or nothing would be held. */
const OFTEN: Readonly<Record<string, number>> = {
  'POST /v1/transactions': 12,
  'POST /v1/transactions/{id}/confirm': 5,
  'POST /v1/transactions/{id}/cancel': 2,
  'POST /v1/transactions/{id}/extend': 2,
  'POST /v1/transactions/{id}/refund': 3,
  'POST /v1/transactions/{id}/retry': 1,
  'POST /v1/transactions/{id}/resolve': 1,
  'POST /v1/batch': 3,
  'POST /v1/stock/movements': 4,
  'PUT /v1/stock/{sku}': 1,
};
const STUCK = /\/(?:retry|resolve)$/;

export class Requests {
  readonly #seed: number;
  readonly #document: Document;
  readonly #calls: readonly Call[];
  readonly #moving: readonly Call[];
  readonly #ids: string[] = [];

  constructor(seed: number, document: Document) {
    this.#seed = seed;
    this.#document = document;
    this.#calls = Object.entries({ ...document.paths, ...CONSOLE }).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    );
    this.#moving = this.#calls.flatMap((call) => Array<Call>(OFTEN[`${call.method} ${call.path}`] ?? 0).fill(call));
  }

  /** Each as a request names its operation. */
  get operations(): readonly string[] {
    return this.#calls.map(({ method, path }) => `${method} ${path}`);
  }

  /**
   * @param isOpen whether there is no key yet: then none is made, which would end that
   * @returns the request of this number, and who sends it
   */
  at(number: number, isOpen: boolean): { readonly request: FuzzRequest; readonly caller: Caller } {
    const chance = chanceOf(this.#seed, `request ${number}`);
    const caller = chance.happens(0.8) ? 'admin' : chance.pick(CALLERS);
    const pool = this.#poolAt(number, chance);
    for (;;) {
      const request = this.#requestOf(pool, chance);
      const makesKey = request.method === 'POST' && /keys/i.test(request.target);
      if (!isOpen || !makesKey) return { request, caller };
    }
  }

  #poolAt(number: number, chance: Chance): Pool {
    const from = Math.floor(number / REQUESTS_FOR_AN_ID);
    while (this.#ids.length < from + IDS_AT_A_TIME) this.#ids.push(chanceOf(this.#seed, `id ${this.#ids.length}`).uuid());
    return {
      ids: this.#ids.slice(from, from + IDS_AT_A_TIME),
      skus: Array.from({ length: 12 }, (_, index) => `FUZZ-${index + 1}`),
      participants: ['payment', 'shipping', 'fuzz/odd:name'],
      odd: chance.pick(ODD),
    };
  }

  #requestOf(pool: Pool, chance: Chance): FuzzRequest {
    // What moves stock comes more often than what reads about it.
    const call = chance.pick(chance.happens(0.5) ? this.#moving : this.#calls);
    const method = chance.happens(0.02) ? chance.pick(METHODS) : call.method;
    const headers: [string, string][] = [];
    for (let count = chance.happens(0.25) ? chance.between(1, 3) : 0; count > 0; count -= 1)
      headers.push([...chance.pick(HEADERS)]);
    if (call.path.startsWith('/console/') && chance.happens(0.9)) headers.push(['X-Holdfast-Console', '1']);
    if (method === 'PUT' && call.path.startsWith('/v1/stock') && chance.happens(0.1))
      headers.push(['If-Match', placeFor('etag')]);
    const body = method === 'GET' || method === 'HEAD' ? null : this.#bodyOf(call, headers, pool, chance);
    const cutAt = body !== null && body.length > 1 && chance.happens(0.005) ? chance.between(0, body.length - 1) : null;
    const framing = cutAt !== null || chance.happens(0.95) ? 'length' : chance.pick(FRAMINGS);
    const operation = `${call.method} ${call.path}`;
    return { operation, method, target: this.#targetOf(call, pool, chance), headers, body, cutAt, framing };
  }

  #targetOf({ path, operation }: Call, pool: Pool, chance: Chance): string {
    const parameters = operation.parameters ?? [];
    const target = path.replace(/\{(\w+)\}/g, (_, name: string) => {
      if (name === 'id' && path.startsWith('/v1/keys')) return chance.happens(0.8) ? placeFor('key') : chance.pick(pool.ids);
      if (name === 'id' && STUCK.test(path) && chance.happens(0.6)) return placeFor('stuck');
      return encoded(
        this.#textOf(
          parameters.find((one) => one.name === name),
          name,
          pool,
          chance,
        ),
        chance,
      );
    });
    const asked = this.#queryOf(parameters, pool, chance);
    const odd = chance.happens(0.01) ? chance.pick(['/', '//', '/..', '%2f', ';x', '?', '#x', '%', '\\', '\u00e9', '%ff']) : '';
    return `${target}${odd}${asked.length === 0 ? '' : `?${asked.join('&')}`}`;
  }

  #textOf(parameter: Parameter | undefined, name: string, pool: Pool, chance: Chance): string {
    if (name === 'name') return chance.happens(0.9) ? chance.pick(pool.participants) : chance.pick(TEXTS);
    return textIn(valueFor(this.#document, parameter?.schema, name, pool, chance));
  }

  #queryOf(parameters: readonly Parameter[], pool: Pool, chance: Chance): string[] {
    const asked = parameters
      .filter((one) => one.in === 'query' && chance.happens(0.25))
      .map(({ name, schema }) => {
        if (name === 'cursor' && chance.happens(0.6)) return placeFor('page');
        const value =
          name === 'cursor' ? forgedCursor(pool, chance) : textIn(valueFor(this.#document, schema, name, pool, chance));
        return `${name}=${encoded(value, chance)}`;
      });
    if (chance.happens(0.02)) asked.push(`${encoded(chance.pick(TEXTS), chance)}=${encoded(chance.pick(TEXTS), chance)}`);
    if (asked.length > 0 && chance.happens(0.02)) asked.push(...Array<string>(chance.pick([1, 300])).fill(asked[0] ?? ''));
    if (chance.happens(0.003)) asked.push('a'.repeat(chance.pick([2_000, 20_000, 140_000])));
    return asked;
  }

  #bodyOf({ operation, path }: Call, headers: [string, string][], pool: Pool, chance: Chance): Buffer | null {
    const content = operation.requestBody?.content ?? {};
    const types = Object.keys(content);
    if (types.length === 0 && chance.happens(0.9)) return null;
    const type = types.length === 0 ? 'application/json' : chance.pick(types);
    headers.push(['Content-Type', chance.happens(0.03) ? chance.pick(CONTENT_TYPES) : type]);
    if (types.length === 0) return Buffer.from('{}');
    if (chance.happens(0.03)) return Buffer.from(chance.pick(BODIES));
    const bodies: Bodies = { document: this.#document, pool, chance };
    return bodyOf(bodies, path, type, content[type]?.schema);
  }
}

/** Mostly as it should be; what cannot be encoded, and a little of the rest, as it is, but for what would end the request line. */
function encoded(text: string, chance: Chance): string {
  if (text.startsWith('~~')) return text;
  const isRaw = chance.happens(0.03) || !text.isWellFormed();
  return isRaw ? text.toWellFormed().replace(/\s/g, '%20').replaceAll('\0', '%00') : encodeURIComponent(text);
}
