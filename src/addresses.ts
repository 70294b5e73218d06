// Owns which addresses a participant may stand at: what IANA keeps for special use is not among them, but for what the setting
// lets in. Pure. Nothing here is compared as text: node reads every form of an address into its bytes.
import { BlockList, isIP } from 'node:net';

/** IANA's IPv4 Special-Purpose Address Registry, multicast, the reserved rest, and one public address that is a cloud's own. */
const SPECIAL_IPV4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4', '168.63.129.16/32'],
];
/**
 * All but what is given out for global use (2000::/3): loopback, mapped and translated IPv4, unique local, link-local, multicast.
 * Of the rest, protocol assignments with Teredo, documentation and 6to4.
 */
const SPECIAL_IPV6 = ['::/3', '4000::/2', '8000::/1', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];
/** As CIDRs. */
export const LOOPBACK = ['127.0.0.0/8', '::1/128'];

const HOST_NAME = /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

interface Network {
  readonly address: string;
  readonly prefix: number;
}

/** Of both kinds apart: node takes an IPv4 address for part of an IPv6 network that holds its mapped form. */
class Networks {
  readonly #ipv4 = new BlockList();
  readonly #ipv6 = new BlockList();

  constructor(networks: readonly Network[]) {
    for (const { address, prefix } of networks) {
      if (isIP(address) === 4) this.#ipv4.addSubnet(address, prefix, 'ipv4');
      else this.#ipv6.addSubnet(address, prefix, 'ipv6');
    }
  }

  /** @param address without a zone; an IPv6 one that holds an IPv4 one is looked at as either */
  has(address: string): boolean {
    if (isIP(address) === 4) return this.#ipv4.check(address, 'ipv4');
    return this.#ipv6.check(address, 'ipv6') || this.#ipv4.check(address, 'ipv6');
  }
}

const SPECIAL = new Networks(networksOf([...SPECIAL_IPV4, ...SPECIAL_IPV6]));
const LOOPBACK_NETWORKS = new Networks(networksOf(LOOPBACK));

export class AddressPolicy {
  readonly #names: ReadonlySet<string>;
  /** With the dot that they begin with. */
  readonly #suffixes: readonly string[];
  readonly #networks: Networks;

  /** @param letIn host names (`*.` before one stands for whatever is below it), addresses and CIDRs, separated by commas, without a fault */
  constructor(letIn: string | null) {
    const entries = letIn === null ? [] : entriesOf(letIn);
    const names = entries.filter((entry) => networkOf(entry) === null);
    this.#names = new Set(names);
    this.#suffixes = names.filter((name) => name.startsWith('*.')).map((name) => name.slice(1));
    this.#networks = new Networks(networksOf(entries));
  }

  /**
   * @param host as the URL has it: a name, or the address itself
   * @param address that it stands for, as the system or the URL writes it
   */
  allows(host: string, address: string): boolean {
    const name = host.toLowerCase().replace(/\.$/, '');
    if (this.#names.has(name) || this.#suffixes.some((suffix) => name.endsWith(suffix))) return isIP(address) !== 0;
    const [plain = '', ...zone] = address.split('%');
    if (isIP(plain) === 0) return false;
    // A zone names a network of this machine, which nothing public is in.
    return this.#networks.has(plain) || (zone.length === 0 && !SPECIAL.has(plain));
  }

  /** @returns the address that stands in a URL instead of a name, where no call may go there; null where one may, or it is a name */
  addressRefusedIn(url: string): string | null {
    const address = literalIn(new URL(url).hostname);
    return address === null || this.allows(address, address) ? null : address;
  }
}

/** @param hostname of a URL, which writes an IPv6 address in brackets, or one taken out of them; null where it is a name */
export function literalIn(hostname: string): string | null {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 0 ? null : bare;
}

/** Whether a server told to listen there is reached from this machine alone. */
export function isLoopbackHost(host: string): boolean {
  return host.toLowerCase() === 'localhost' || (isIP(host) !== 0 && LOOPBACK_NETWORKS.has(host));
}

/** @returns what is wrong with a list of those let in, or null */
export function letInFault(text: string): string | null {
  const wrong = entriesOf(text).find((entry) => networkOf(entry) === null && !isHostName(entry));
  if (wrong === undefined) return null;
  return wrong === '' ? 'an entry is empty' : `${JSON.stringify(wrong)} is no host name, address or CIDR`;
}

function entriesOf(text: string): string[] {
  return text.split(',').map((entry) => entry.trim().toLowerCase());
}

/** Of those that are networks. */
function networksOf(entries: readonly string[]): Network[] {
  return entries.map(networkOf).filter((network) => network !== null);
}

/** @returns null where it is neither an address nor a CIDR */
function networkOf(entry: string): Network | null {
  const [address = '', prefix, ...rest] = entry.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || rest.length > 0) return null;
  const bits = version === 4 ? 32 : 128;
  if (prefix === undefined) return { address, prefix: bits };
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits ? { address, prefix: Number(prefix) } : null;
}

/** Not what a URL takes for an address in another form, such as 2130706433 or 0x7f.1: it would never be met. */
function isHostName(entry: string): boolean {
  if (entry.length > 253 || !HOST_NAME.test(entry)) return false;
  const name = entry.replace(/^\*\./, '');
  return URL.canParse(`http://${name}`) && new URL(`http://${name}`).hostname === name;
}
