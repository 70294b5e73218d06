// Owns values made from a schema of the OpenAPI document: mostly what it asks for, now and then what it does not. As JSON text, because
// JSON.stringify writes no −0, no 1e309 and no name twice.
import type { Chance } from '../chaos/random.ts';
import { NUMBERS, SHAPES, TEXTS } from './hostile.ts';

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
}

/** How often a value is what nobody asked for; of a few bodies every value may be. */
const ODD = 0.06;
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
  if (chance.happens(ODD)) return oddValue(chance);
  const known = resolved(document, schema);
  const meant = meantBy(name, pool, chance);
  if (meant !== null) return meant;
  if (known.const !== undefined) return JSON.stringify(known.const);
  if (known.enum !== undefined) return JSON.stringify(chance.pick(known.enum));
  const choices = known.anyOf ?? known.oneOf;
  if (choices !== undefined) return valueFor(document, chance.pick(choices), name, pool, chance, depth + 1);
  if (known.properties !== undefined) return objectOf(document, known, pool, chance, depth);
  const type = Array.isArray(known.type) ? chance.pick(known.type as readonly string[]) : known.type;
  switch (type) {
    case 'array': {
      const count = depth > DEEPEST ? 0 : chance.between(0, 3);
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

function objectOf(document: Document, schema: Schema, pool: Pool, chance: Chance, depth: number): string {
  const required = new Set(schema.required ?? []);
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const isWanted = required.has(name) ? !chance.happens(0.02) : chance.happens(0.4);
    return isWanted && depth <= DEEPEST
      ? [`${JSON.stringify(name)}:${valueFor(document, property, name, pool, chance, depth + 1)}`]
      : [];
  });
  if (chance.happens(0.02)) members.push(`${JSON.stringify(chance.pick(TEXTS))}:1`);
  const [first] = members;
  if (first !== undefined && chance.happens(0.01)) members.push(first);
  return `{${members.join(',')}}`;
}

/** What the names of the contract mean. */
function meantBy(name: string, pool: Pool, chance: Chance): string | null {
  switch (name) {
    case 'id':
    case 'branchId':
      return JSON.stringify(chance.pick(pool.ids));
    case 'sku':
      return JSON.stringify(chance.pick(pool.skus));
    case 'warehouse':
      return JSON.stringify(chance.pick(['default', 'default', 'north']));
    case 'participant':
      return JSON.stringify(chance.pick(pool.participants));
    case 'quantity':
      return String(chance.between(1, 20));
    case 'timeoutMs':
      return String(chance.pick([100, 500, 5_000, 60_000]));
    case 'url':
      // Nothing listens there; and what may not be called.
      return JSON.stringify(
        chance.pick([
          'http://127.0.0.1:9/x',
          'http://127.0.0.1:9',
          'http://10.0.0.1/',
          'http://[::ffff:169.254.169.254]/',
          'ftp://x',
        ]),
      );
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
