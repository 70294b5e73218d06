// Owns values made from a schema of the OpenAPI document: mostly what it asks for, now and then what it does not. As JSON text, because
// JSON.stringify writes no −0, no 1e309 and no name twice.
import type { Chance } from '../chaos/random.ts';
import { NUMBERS, SHAPES, TEXTS } from './hostile.ts';
import { placeFor } from './memory.ts';
import { MANNERS } from './participants.ts';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
  readonly uniqueItems?: boolean;
  readonly example?: unknown;
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

export interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema; readonly example?: unknown }>> };
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: Schema;
}

/** What a request is made of besides its schema: ids and names that come again, so that something builds up. */
export interface Pool {
  readonly ids: readonly string[];
  readonly skus: readonly string[];
  readonly participants: readonly string[];
  /** How often a value is what nobody asked for. */
  readonly odd: number;
}

/** Where nothing listens; and what may not be called. */
const URLS = [
  ...[
    'http://127.0.0.1:9/x',
    'http://10.0.0.1/',
    'http://[::ffff:169.254.169.254]/',
    'http://0x7f.1:9',
    'https://localhost.:9/a',
  ],
  ...['ftp://x', 'http://u:p@127.0.0.1/', 'http://x/?q', 'http://x/#f', '//x', 'http:', 'javascript:alert(1)', 'http://\u0000'],
];
const DEEPEST = 6;

/** @param name of the property or parameter: what it should be, its schema does not always tell */
export function valueFor(
  document: Document,
  schema: Schema | undefined,
  name: string,
  pool: Pool,
  chance: Chance,
  depth = 0,
): string {
  if (chance.happens(pool.odd)) return oddValue(chance);
  const known = resolved(document, schema);
  const meant = meantBy(name, pool, chance);
  if (meant !== null) return meant;
  if (known.const !== undefined) return JSON.stringify(known.const);
  if (known.enum !== undefined) return JSON.stringify(chance.pick(known.enum));
  if (known.properties !== undefined) return objectOf(document, known, pool, chance, depth);
  if (known.format === 'date-time') return JSON.stringify(chance.pick(MOMENTS));
  if (known.example !== undefined && chance.happens(0.7)) return JSON.stringify(known.example);
  const choices = known.anyOf ?? known.oneOf;
  if (choices !== undefined) return valueFor(document, chance.pick(choices), name, pool, chance, depth + 1);
  const type = Array.isArray(known.type) ? chance.pick(known.type as readonly string[]) : known.type;
  switch (type) {
    case 'array': {
      const count = depth > DEEPEST || chance.happens(pool.odd) ? 0 : known.uniqueItems === true ? 1 : chance.between(1, 3);
      return `[${Array.from({ length: count }, () => valueFor(document, known.items, '', pool, chance, depth + 1)).join(',')}]`;
    }
    case 'integer':
    case 'number':
      return String(chance.between(known.minimum ?? 0, Math.min(known.maximum ?? 1_000, (known.minimum ?? 0) + 50)));
    case 'boolean':
      return String(chance.happens(0.5));
    case 'null':
      return 'null';
    case 'object':
      return chance.pick(['{}', '{"a":1}', '{"order":{"id":"x"}}']);
    default:
      return JSON.stringify(known.example ?? chance.pick(['text', 'x', 'because']));
  }
}

/** How often what may be left out is said. */
const OFTEN: Readonly<Record<string, number>> = { id: 0.8 };
/** The same of a Try: items are nearly all that there is to do. */
const OFTEN_IN_TRY: Readonly<Record<string, number>> = { ...OFTEN, items: 0.9, branches: 0.2 };
const MOMENTS = [
  ...['2026-11-22T08:00:00.000Z', '2027-11-22T08:00:00Z', '2096-02-29T23:59:59.999+14:00', '9999-12-31T23:59:59.999Z'],
  ...['9999-12-31T23:59:59.999-23:59', '0001-01-01T00:00:00+23:59', '0000-01-01T00:00:00Z', '2099-01-01T00:00:00.123456789Z'],
];

function objectOf(document: Document, schema: Schema, pool: Pool, chance: Chance, depth: number): string {
  // Of those that exclude each other, one.
  const one = schema.oneOf === undefined ? null : (chance.pick(schema.oneOf).required ?? []);
  const others = new Set(schema.oneOf?.flatMap(({ required = [] }) => required).filter((name) => one?.includes(name) !== true));
  const required = new Set([...(schema.required ?? []), ...(one ?? [])]);
  const often = schema.properties !== undefined && 'branches' in schema.properties ? OFTEN_IN_TRY : OFTEN;
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const isUsual = required.has(name) || (!others.has(name) && chance.happens(often[name] ?? 0.3));
    const isWanted = chance.happens(pool.odd / 3) ? !isUsual : isUsual;
    return isWanted && depth <= DEEPEST
      ? [`${JSON.stringify(name)}:${valueFor(document, property, name, pool, chance, depth + 1)}`]
      : [];
  });
  if (chance.happens(pool.odd / 3)) members.push(`${JSON.stringify(chance.pick(TEXTS))}:1`);
  const [first] = members;
  if (first !== undefined && chance.happens(pool.odd / 5)) members.push(first);
  return `{${members.join(',')}}`;
}

/** What the names of the contract mean. */
function meantBy(name: string, pool: Pool, chance: Chance): string | null {
  switch (name) {
    case 'id':
      return JSON.stringify(chance.pick(pool.ids));
    case 'branchId':
      return JSON.stringify(chance.happens(0.8) ? placeFor('branch') : chance.pick(pool.ids));
    case 'sku':
      return JSON.stringify(chance.pick(pool.skus));
    case 'warehouse':
      return JSON.stringify(chance.pick(['default', 'default', 'north']));
    case 'participant':
      return JSON.stringify(chance.pick(pool.participants));
    case 'quantity':
      return String(chance.between(1, 20));
    case 'available':
    case 'onHand':
      return String(chance.between(0, 5_000));
    case 'timeoutMs':
      return String(chance.pick([100, 60_000, 60_000, 900_000]));
    // Asked again more often than that, those that never answer well would have the machine to themselves.
    case 'initialMs':
      return chance.pick(['1000', '5000']);
    case 'maxMs':
      return chance.pick(['60000', '86400000']);
    case 'url':
      return JSON.stringify(chance.happens(0.7) ? `${placeFor('participants')}/${chance.pick(MANNERS)}` : chance.pick(URLS));
    default:
      return null;
  }
}

export function oddValue(chance: Chance): string {
  const kind = chance.fraction();
  if (kind < 0.4) return chance.pick(NUMBERS);
  return kind < 0.75 ? JSON.stringify(chance.pick(TEXTS)) : chance.pick(SHAPES);
}

function resolved(document: Document, schema: Schema | undefined): Schema {
  let known = schema ?? {};
  for (let steps = 0; known.$ref !== undefined && steps < 10; steps += 1)
    known = document.components?.schemas?.[known.$ref.split('/').at(-1) ?? ''] ?? {};
  return known;
}
