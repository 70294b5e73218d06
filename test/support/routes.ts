// Owns the list of the routes that an Express application really has.
import type { Express } from 'express';

/** What Express's router keeps; its types leave it open. */
interface Layer {
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
