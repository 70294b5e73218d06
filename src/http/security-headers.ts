// Owns the headers that keep browsers from misusing an answer. helmet decides what they are; it is asked once, at the start, and
// its answer is kept as the flat list that node writes fastest.
import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet, { type HelmetOptions } from 'helmet';

/** Half a year would do; helmet's year is the usual. Names below this host's are not ours to decide on. */
const TRANSPORT = { includeSubDomains: false } as const;

/**
 * For data. Left out are those that only a document has a use for (opener policy, agent cluster, DNS prefetching, download options),
 * and those for plug-ins and filters that are no more. A browser that is led to an answer directly runs nothing of it and shows it
 * in no frame.
 */
const FOR_DATA = {
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  referrerPolicy: { policy: 'no-referrer' },
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xFrameOptions: { action: 'deny' },
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
} as const;

/** For pages, which bring a policy of their own for what they hold. The last three are for browsers and plug-ins that are no more. */
const FOR_PAGES = {
  contentSecurityPolicy: false,
  referrerPolicy: { policy: 'no-referrer' },
  xFrameOptions: { action: 'deny' },
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
} as const;

const DATA = listsOf(FOR_DATA);
const PAGES = listsOf(FOR_PAGES);

/** Names and values in turn, of an answer that is data: whatever is not a page. */
export function dataHeaders(response: ServerResponse): readonly string[] {
  return isOverTls(response.socket) ? DATA.tls : DATA.plain;
}

/** Names and values in turn, of a page. */
export function pageHeaders(response: ServerResponse, contentSecurityPolicy: string): readonly string[] {
  return ['Content-Security-Policy', contentSecurityPolicy, ...(isOverTls(response.socket) ? PAGES.tls : PAGES.plain)];
}

/** As lines, for an answer on the bare socket. */
export function dataHeaderLines(socket: object): string {
  return isOverTls(socket) ? DATA.tlsLines : DATA.plainLines;
}

/** Over plain HTTP browsers pass over Strict-Transport-Security, and behind a proxy with TLS it is the proxy's to promise. */
function isOverTls(socket: object | null): boolean {
  return socket !== null && 'encrypted' in socket && socket.encrypted === true;
}

function listsOf(options: typeof FOR_DATA | typeof FOR_PAGES) {
  const plain = asked({ ...options, strictTransportSecurity: false });
  const tls = asked({ ...options, strictTransportSecurity: TRANSPORT });
  return { plain, tls, plainLines: linesOf(plain), tlsLines: linesOf(tls) };
}

/** What helmet sets; what it takes away (X-Powered-By) is not there. */
function asked(options: HelmetOptions): readonly string[] {
  const headers: string[] = [];
  const response = { setHeader: (name: string, value: string) => headers.push(name, value), removeHeader: () => {} };
  let isDone = false;
  // helmet touches nothing else of either.
  helmet(options)({} as IncomingMessage, response as unknown as ServerResponse, (error?: unknown) => {
    if (error !== undefined) throw error;
    isDone = true;
  });
  if (!isDone) throw new Error('helmet did not answer at once');
  return headers;
}

function linesOf(headers: readonly string[]): string {
  return headers.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('');
}
