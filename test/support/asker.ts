// Owns asking a real coordinator in a test that tells a story: every answer is held to /openapi.json, every status to what is expected.
import { expect } from 'chai';
import type { CoordinatorProcess } from './coordinator.ts';
import { expectAnswerToMatch, type OpenApiDocument } from './openapi.ts';

export type Body = Record<string, unknown>;

export interface Asked {
  readonly body?: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Asker {
  /** `line` is a method and a path; `expected` a status, and the code of a problem. */
  ask(line: string, expected: string, asked?: Asked): Promise<Body>;
  /** A header of the last answer. */
  header(name: string): string | null;
}

/** Reads the document of a coordinator that was just started, to ask under it. */
export async function askerOf(coordinator: CoordinatorProcess): Promise<Asker> {
  const openapi = (await (await fetch(`${coordinator.url}/openapi.json`)).json()) as OpenApiDocument;
  let last = new Headers();
  const ask = async (line: string, expected: string, asked: Asked = {}): Promise<Body> => {
    const [method = '', path = ''] = line.split(' ');
    const text = typeof asked.body === 'string' ? asked.body : JSON.stringify(asked.body);
    const type = asked.body === undefined ? {} : { 'content-type': asked.type ?? 'application/json' };
    const response = await fetch(coordinator.url + path, {
      method,
      headers: { ...type, ...asked.headers },
      ...(text === undefined ? {} : { body: text }),
    });
    last = response.headers;
    const answer = await response.text();
    const isJson = (last.get('content-type') ?? '').includes('json');
    const body = (isJson ? JSON.parse(answer) : {}) as Body;
    expectAnswerToMatch(openapi, method, path, response.status, isJson ? body : answer === '' ? undefined : answer);
    expect(`${response.status}${typeof body.code === 'string' ? ` ${body.code}` : ''}`, `${line}: ${answer}`).to.equal(expected);
    return body;
  };
  return { ask, header: (name) => last.get(name) };
}
