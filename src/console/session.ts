// Owns what the page is told of who uses it: whether anybody had to sign in, as whom, and whether they may act.
import { mayUse } from '../access/principal.ts';
import { callerOf } from '../http/caller.ts';
import type { Express } from '../http/context.ts';
import { plainRead, sendFresh } from './context.ts';

export function addSessionRead(app: Express): void {
  app.get(
    '/console/api/session',
    plainRead(async (request, response) => {
      const caller = callerOf(request);
      sendFresh(response, { name: caller?.name ?? null, mayAct: caller === null || mayUse(caller, 'admin') });
    }),
  );
}
