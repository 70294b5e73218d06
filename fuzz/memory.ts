// Owns what a run learns from answers and sends back: where a list goes on, versions, keys, branches that wait. A request is made with a
// place for it, so that which requests there are is still said by the seed alone; what stands there is the service's own to say.
import type { FuzzRequest } from './requests.ts';
import { headerOf, type WireAnswer } from './wire.ts';

/** What stands in a request where nothing of the kind is known yet. */
const UNKNOWN = {
  page: 'cursor=bm90aGluZw',
  etag: '"0"',
  key: '0193b0a4-7c1e-7d00-8000-0000000000aa',
  secret: 'hf_0193b0a4-7c1e-7d00-8000-0000000000aa_00',
  branch: '0193b0a4-7c1e-7d00-8000-0000000000bb',
  stuck: '0193b0a4-7c1e-7d00-8000-0000000000cc',
  participants: 'http://127.0.0.1:9',
} as const;
type Kind = keyof typeof UNKNOWN;

const PLACE = /~~(page|etag|key|secret|branch|stuck|participants)~~/g;
const MOST_KEPT = 50;

export function placeFor(kind: Kind): string {
  return `~~${kind}~~`;
}

export class Memory {
  readonly #kept = new Map<Kind, string[]>();
  /** A page belongs to the list, with its filter, that it is one of. */
  readonly #pages = new Map<string, string>();
  /** A branch belongs to a transaction. */
  readonly #branches = new Map<string, string>();
  #turn = 0;

  keep(kind: Kind, value: string): void {
    const kept = this.#kept.get(kind) ?? [];
    this.#kept.set(kind, kept);
    kept.push(value);
    if (kept.length > MOST_KEPT) kept.shift();
  }

  /** A key that some request of the run made, whatever it may do, and whether it is good still. */
  credential(): readonly [string, string] {
    this.#turn += 1;
    return ['Authorization', `Bearer ${this.#one('secret')}`];
  }

  /** Puts what is known into the places for it. */
  fill(request: FuzzRequest): FuzzRequest {
    const { target, headers, body } = request;
    const isPlain =
      !target.includes('~~') && !(body?.includes('~~') ?? false) && !headers.some(([, value]) => value.includes('~~'));
    if (isPlain) return request;
    this.#turn += 1;
    const stuck = this.#one('stuck');
    const put = (text: string): string =>
      text.replace(PLACE, (_, kind: Kind) => {
        if (kind === 'page') return this.#pages.get(listOf(target)) ?? UNKNOWN.page;
        if (kind === 'branch') return this.#branches.get(stuck) ?? UNKNOWN.branch;
        return kind === 'stuck' ? stuck : this.#one(kind);
      });
    return {
      ...request,
      target: put(target),
      headers: headers.map(([name, value]) => [name, put(value)] as const),
      // Bodies that are no text have no places.
      body: body?.includes('~~') === true ? Buffer.from(put(body.toString())) : body,
    };
  }

  learn({ method, target }: FuzzRequest, answer: WireAnswer): void {
    if (answer.status >= 300 || answer.body.length === 0) return;
    const etag = headerOf(answer, 'etag');
    if (etag !== null && target.startsWith('/v1/stock/')) this.keep('etag', etag);
    if (headerOf(answer, 'content-type')?.startsWith('application/json') !== true) return;
    const said = JSON.parse(answer.body.toString()) as Said;
    if (method === 'GET' && typeof said.nextCursor === 'string') this.#rememberPage(target, said.nextCursor);
    if (method === 'POST' && target.startsWith('/v1/keys') && said.id !== undefined && said.key !== undefined) {
      this.keep('key', said.id);
      this.keep('secret', said.key);
    }
    const waiting = said.state === 'CONFIRMING' || said.state === 'CANCELLING' ? said.branches?.find(isOpen) : undefined;
    if (waiting === undefined || said.id === undefined) return;
    this.keep('stuck', said.id);
    this.#branches.set(said.id, waiting.id);
    if (this.#branches.size > 4 * MOST_KEPT) this.#branches.delete(this.#branches.keys().next().value ?? '');
  }

  #rememberPage(target: string, cursor: string): void {
    this.#pages.set(listOf(target), `cursor=${encodeURIComponent(cursor)}`);
    if (this.#pages.size > 4 * MOST_KEPT) this.#pages.delete(this.#pages.keys().next().value ?? '');
  }

  /** The newest ones in turn. */
  #one(kind: Kind): string {
    const kept = this.#kept.get(kind) ?? [];
    return kept[kept.length - 1 - (this.#turn % Math.max(1, kept.length))] ?? UNKNOWN[kind];
  }
}

interface Said {
  readonly id?: string;
  readonly key?: string;
  readonly state?: string;
  readonly nextCursor?: unknown;
  readonly branches?: readonly { readonly id: string; readonly state: string }[];
}

function isOpen({ state }: { readonly state: string }): boolean {
  return state !== 'CONFIRMED' && state !== 'CANCELLED';
}

/** A list with its filter, wherever in it one stands. */
function listOf(target: string): string {
  return target.replace(/[?&](?:cursor=[^&]*|~~page~~)/, '').replace(/[?&]limit=[^&]*/, '');
}
