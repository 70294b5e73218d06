// Owns what a handler gets of its connection: all of it while it runs, and nothing afterwards.
import type { ClientBase, PoolClient } from 'pg';

export interface GuardedClient {
  readonly client: ClientBase;
  /** From now on its use throws: a query that comes late would run outside the transaction, or in somebody else's. */
  revoke(): void;
}

/** These end the connection's use, which is not the handler's to end. */
const NOT_THE_HANDLERS = new Set<string | symbol>(['release', 'end']);

export function guard(client: PoolClient): GuardedClient {
  const { proxy, revoke } = Proxy.revocable<ClientBase>(client, {
    get(target, property) {
      if (NOT_THE_HANDLERS.has(property)) {
        return () => {
          throw new Error(`client.${String(property)}() is not for handlers: the connection is given back for them`);
        };
      }
      const value: unknown = Reflect.get(target, property, target);
      // Methods must find the real client as `this`.
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { client: proxy, revoke };
}
