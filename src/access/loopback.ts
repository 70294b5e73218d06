// Owns what is taken where there is no authentication: requests under this machine's own name, and from no other web page. Otherwise
// any page that somebody has open here could act through the browser (DNS rebinding, cross-site requests). Pure.
import { isLoopbackHost } from '../addresses.ts';
import { type Problem, problem } from '../errors.ts';

/** Names that browsers take for this machine without asking anybody (RFC 6761, 6.3). */
const OWN_NAME = /\.localhost$/i;

/**
 * @param host the Host header
 * @param site the Sec-Fetch-Site header, which browsers send
 * @returns why the request is refused; null where it is not
 */
export function refusalOfStranger(host: string | null, site: string | null): Problem | null {
  if (site === 'cross-site' || site === 'same-site')
    return problem('forbidden', 'Without authentication, requests of other web pages are not taken.');
  if (host === null || host === '') return null;
  const asked = `http://${host}`;
  const isOwn = URL.canParse(asked) && isOwnHost(new URL(asked).hostname);
  return isOwn
    ? null
    : problem(
        'forbidden',
        'Without authentication, requests are taken under the name of this machine alone (localhost, 127.0.0.1, ::1).',
      );
}

function isOwnHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return OWN_NAME.test(bare) || isLoopbackHost(bare);
}
