// Owns how tests speak to a coordinator that wants to know who calls: with a key, a token, or nothing at all.
import type { CoordinatorProcess } from './coordinator.ts';

/** Where no Redis is: a test that needs none starts sooner. */
export const NO_REDIS = 'redis://127.0.0.1:1';

// biome-ignore lint/suspicious/noExplicitAny: tests reach into answers of every shape
export type KeyAnswerBody = any;

export interface KeyAnswer {
  readonly status: number;
  /** The status and the code of the problem: '403 forbidden'; the status alone where all is well. */
  readonly brief: string;
  readonly headers: Headers;
  readonly text: string;
  /** Empty where the answer is no JSON. */
  readonly body: KeyAnswerBody;
}

export type Ask = (
  method: string,
  path: string,
  json?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<KeyAnswer>;

/** @param credential what is shown as a bearer; null: nothing */
export function askWith(coordinator: () => Pick<CoordinatorProcess, 'url'>, credential: () => string | null): Ask {
  return async (method, path, json, headers = {}) => {
    const shown = credential();
    const response = await fetch(new URL(path, coordinator().url), {
      method,
      redirect: 'manual',
      headers: {
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(shown === null ? {} : { authorization: `Bearer ${shown}` }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: typeof json === 'string' ? json : JSON.stringify(json) }),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    const body = isJson ? (JSON.parse(text) as KeyAnswerBody) : {};
    const brief = `${response.status} ${response.ok ? '' : (body.code ?? '')}`.trim();
    return { status: response.status, brief, headers: response.headers, text, body };
  };
}

export interface MadeKey {
  readonly id: string;
  readonly key: string;
  readonly expiresAt: string | null;
}

/** @throws where it is refused */
export async function makeKeyOver(ask: Ask, name: string, scopes: readonly string[], more: object = {}): Promise<MadeKey> {
  const { status, body, text } = await ask('POST', '/v1/keys', { name, scopes, ...more });
  if (status !== 201) throw new Error(`the key ${name} was not made: ${text}`);
  return body as MadeKey;
}
