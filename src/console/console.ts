// Owns the console's server side: which of its routes stand where, and its end.
import type { Express } from '../http/context.ts';
import { takeOnly } from '../http/methods.ts';
import { addAssetRoutes, PAGE_FOLDER } from './assets.ts';
import { type ConsoleContext, plainRead, sendFresh } from './context.ts';
import { overviewOf } from './overview.ts';
import { addTransactionReads } from './transactions.ts';

export interface ConsoleOptions extends ConsoleContext {
  /** Where the page is; the one that comes with the console where it is not given. */
  readonly pageFolder?: string;
}

/** Every path of the API and what it takes. */
const ALLOWED: Readonly<Record<string, string>> = {
  '/console/api/overview': 'GET, HEAD',
  '/console/api/transactions/:id': 'GET, HEAD',
  '/console/api/stuck': 'GET, HEAD',
  '/console/api/due': 'GET, HEAD',
};

export function addConsole(app: Express, options: ConsoleOptions): void {
  addAssetRoutes(app, options.pageFolder ?? PAGE_FOLDER);
  app.get(
    '/console/api/overview',
    plainRead(async (_request, response) => {
      const [figures, health] = await Promise.all([options.figures(), options.readiness()]);
      const { version } = options;
      sendFresh(response, overviewOf(figures, { version, uptimeMs: process.uptime() * 1000, health }));
    }),
  );
  addTransactionReads(app, options);
  for (const [path, allow] of Object.entries(ALLOWED)) takeOnly(app, path, allow);
}
