// Owns asking the console's API in tests, as its page would.
import { expect } from 'chai';
import type { CoordinatorProcess } from './coordinator.ts';

/** What its page sends with every act. */
export const GUARD = { 'X-Holdfast-Console': '1' };

// biome-ignore lint/suspicious/noExplicitAny: tests reach into answers of every shape
export type ConsoleAnswer = any;

export interface ConsoleAsker {
  /** Expects 200, and an answer that nobody keeps. */
  read(path: string): Promise<ConsoleAnswer>;
  /** @returns the status and the state, or the code of the problem: '200 CANCELLED', '403 forbidden' */
  act(id: string, act: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<string>;
  /** @returns the status and the code of the problem */
  refusalOf(path: string, init?: RequestInit): Promise<string>;
}

export function consoleOf(coordinator: () => Pick<CoordinatorProcess, 'request'>): ConsoleAsker {
  const briefOf = async (response: Response): Promise<string> => {
    const { code, state } = (await response.json()) as { readonly code?: string; readonly state?: string };
    return `${response.status} ${code ?? state}`;
  };
  return {
    read: async (path) => {
      const response = await coordinator().request(`/console/api/${path}`);
      const text = await response.text();
      expect(response.status, text).to.equal(200);
      expect(response.headers.get('cache-control')).to.equal('no-store');
      return JSON.parse(text);
    },
    act: async (id, act, body, headers = GUARD) =>
      briefOf(await coordinator().request(`/console/api/transactions/${id}/${act}`, { json: body, headers })),
    refusalOf: async (path, init) => briefOf(await coordinator().request(path, init)),
  };
}
