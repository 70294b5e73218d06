// Owns whether a browser's request comes from a page of where it goes to. Pure.

interface Headers {
  readonly [name: string]: string | readonly string[] | undefined;
}

/** @returns false where the browser names another origin; true also where nothing is said: then it is no browser of today */
export function isFromOwnPage({ 'sec-fetch-site': site, origin, host }: Headers): boolean {
  if (site !== undefined && site !== 'same-origin') return false;
  return origin === undefined || isOriginOf(origin, host);
}

/** The scheme is left out of it: a proxy in front may be the one that speaks TLS. */
export function isOriginOf(origin: unknown, host: unknown): boolean {
  if (typeof origin !== 'string' || typeof host !== 'string' || !URL.canParse(origin)) return false;
  const { protocol, host: named } = new URL(origin);
  const asked = `${protocol}//${host}`;
  // Parsed alike, so that a port that goes without saying does not count.
  return named !== '' && URL.canParse(asked) && new URL(asked).host === named;
}
