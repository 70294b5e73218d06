// Owns the list of the routes that the Express application really has.
import type { Express } from 'express';
import { Console } from '../../src/console/console.ts';
import { type AppOptions, createApp } from '../../src/http/app.ts';
import { SILENT } from '../../src/http/observer.ts';
import { NO_ACCESS } from './http-fixture.ts';

/** What Express's router keeps; its types leave it open. */
interface Layer {
  /** Whether it takes every path. */
  readonly slash: boolean;
  readonly route?: { readonly path: string; readonly stack: readonly { readonly method?: string }[] };
}

/** No route takes more than that; `app.all` makes one of every method there is. */
const MOST_METHODS = 8;

/** @returns each as `GET /path/:id`; what only answers that a method is not taken (`app.all`) is none */
export function routesOf(app: Express): string[] {
  const { stack } = app.router as unknown as { readonly stack: readonly Layer[] };
  const routes = stack.flatMap(({ route }) =>
    route === undefined || route.stack.length > MOST_METHODS
      ? []
      : route.stack.flatMap(({ method }) => (method === undefined ? [] : [`${method.toUpperCase()} ${route.path}`])),
  );
  return [...new Set(routes)];
}

/**
 * What could answer though it is no route of that list: handlers that stand at a path with `app.use`, and those of every method
 * (`app.all`) at a path that has no route.
 * @returns the path where it is known, `everywhere` for handlers of every path
 */
export function besidesRoutes(app: Express): string[] {
  const { stack } = app.router as unknown as { readonly stack: readonly Layer[] };
  const known = new Set(routesOf(app).map((route) => route.split(' ')[1]));
  return stack.flatMap(({ route, slash }) => {
    if (route === undefined) return slash ? ['everywhere'] : ['at some path'];
    return known.has(route.path) ? [] : [route.path];
  });
}

/**
 * The application with all its routes, those of the console too, and nothing behind them.
 * @param options instead of what stands there
 */
export function wholeApplication(options: Partial<AppOptions> = {}): Express {
  const nothing = new Proxy({}, { get: () => () => Promise.reject(new Error('nothing stands behind the routes here')) });
  const parts = {
    access: NO_ACCESS,
    coordinator: nothing,
    queries: nothing,
    watch: nothing,
    readiness: async () => ({}),
    ...options,
  };
  const operators = new Console({
    ...{ ...parts, details: nothing, figures: async () => [] },
    ...{ version: '0', now: Date.now, onFault: () => {} },
  } as never);
  const extend = (app: Express): void => operators.addTo(app);
  return createApp({ log: console, isDraining: () => false, observer: SILENT, ...parts, extend } as never);
}
