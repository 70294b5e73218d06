// Owns the console's server side: which of its routes stand where, and its end.
import { problem } from '../errors.ts';
import { callerOf } from '../http/caller.ts';
import type { Express, Request, Response } from '../http/context.ts';
import { takeOnly } from '../http/methods.ts';
import { refusalOfQuery } from '../http/query.ts';
import { sendProblem } from '../http/reply.ts';
import { addActs } from './acts.ts';
import { addAssetRoutes, PAGE_FOLDER } from './assets.ts';
import { type ConsoleContext, plainRead, sendFresh } from './context.ts';
import { refusalOfRead } from './guard.ts';
import { LiveFeed, type LiveFeedOptions, writeStreamHead } from './live.ts';
import { overviewOf } from './overview.ts';
import { addParticipantsRead } from './participants.ts';
import { addSessionRead } from './session.ts';
import { addStockRead } from './stock.ts';
import { addTransactionReads } from './transactions.ts';

export interface ConsoleOptions extends ConsoleContext {
  readonly onFault: (error: unknown) => void;
  readonly live?: Omit<LiveFeedOptions, 'read' | 'onFault'>;
  /** Where the page is; the one that comes with the console where it is not given. */
  readonly pageFolder?: string;
}

/** Every path of the API and what it takes. */
const ALLOWED: Readonly<Record<string, string>> = {
  '/console/api/overview': 'GET, HEAD',
  '/console/api/live': 'GET, HEAD',
  '/console/api/session': 'GET, HEAD',
  '/console/api/transactions/:id': 'GET, HEAD',
  '/console/api/transactions/:id/retry': 'POST',
  '/console/api/transactions/:id/cancel': 'POST',
  '/console/api/transactions/:id/resolve': 'POST',
  '/console/api/stuck': 'GET, HEAD',
  '/console/api/due': 'GET, HEAD',
  '/console/api/stock/:sku': 'GET, HEAD',
  '/console/api/participants': 'GET, HEAD',
};

const REVOKED_WITHIN_MS = 1_000;

export class Console {
  readonly #options: ConsoleOptions;
  readonly #feed: LiveFeed;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    this.#feed = new LiveFeed({ ...options.live, read: options.figures, onFault: options.onFault });
  }

  /** How many have the live figures sent to them. */
  get listeners(): number {
    return this.#feed.listeners;
  }

  addTo(app: Express): void {
    const options = this.#options;
    addAssetRoutes(app, options.pageFolder ?? PAGE_FOLDER);
    app.get(
      '/console/api/overview',
      plainRead((_request, response) => showOverview(options, response)),
    );
    app.get('/console/api/live', (request, response) => this.#sendLive(request, response));
    addSessionRead(app);
    addTransactionReads(app, options);
    addStockRead(app, options);
    addParticipantsRead(app, options);
    addActs(app, options);
    for (const [path, allow] of Object.entries(ALLOWED)) takeOnly(app, path, allow);
  }

  /** Ends what would go on by itself. */
  close(): void {
    this.#feed.close();
  }

  #sendLive(request: Request, response: Response): void {
    const refusal = refusalOfRead(request.headers) ?? refusalOfQuery(request.url)?.problem ?? null;
    if (refusal !== null) sendProblem(request, response, refusal);
    else if (request.method === 'HEAD') {
      writeStreamHead(response);
      response.end();
    } else if (this.#feed.listen(response)) this.#endWhenRevoked(request, response);
    else sendProblem(request, response, problem('overloaded', 'As many have the live figures sent to them as may.'));
  }

  /** It goes on for hours: longer than a key may be good. */
  #endWhenRevoked(request: Request, response: Response): void {
    const caller = callerOf(request);
    if (caller === null) return;
    const { gate } = this.#options.access;
    const watch = setInterval(() => gate.isStillGood(caller) || this.#feed.end(response), REVOKED_WITHIN_MS);
    response.once('close', () => clearInterval(watch));
  }
}

async function showOverview({ figures, readiness, version }: ConsoleContext, response: Response): Promise<void> {
  const [read, health] = await Promise.all([figures(), readiness()]);
  sendFresh(response, overviewOf(read, { version, uptimeMs: process.uptime() * 1000, health }));
}
