// Owns the way from a participant's host to a connection: only to an address that was looked at and may be called. The address that
// is judged is the one that is connected to, so a name that stands for another one a moment later gains nothing by it.
import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { type AddressPolicy, literalIn } from '../addresses.ts';
import { SETTINGS } from '../settings.ts';

/** What asks for the addresses of a name: the system, or a test. */
export type Resolve = (
  host: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface AddressGuard {
  readonly policy: Pick<AddressPolicy, 'allows'>;
  readonly resolve?: Resolve;
}

/** No connection was made. The message is for operators, and says what lets the address in. */
export class AddressNotAllowed extends Error {
  constructor(host: string, addresses: readonly string[]) {
    const shown = addresses.slice(0, 4).join(', ');
    const what = addresses[0] === host ? shown : `${host} (${shown})`;
    super(`not sent: participants may not stand at ${what}; ${SETTINGS.participantAllow.name} lets addresses in`);
    this.name = 'AddressNotAllowed';
  }
}

type Connector = ReturnType<typeof buildConnector>;

/** As undici's own, but to nowhere that is not allowed. */
export function guardedConnector(guard: AddressGuard, timeoutMs: number): Connector {
  // Over HTTP/2 a call that is given up leaves its connection in use: one that a network had swallowed would fail every call after
  // it for minutes. Over HTTP/1.1 it goes with its call.
  const connect = buildConnector({ timeout: timeoutMs, allowH2: false, lookup: guardedLookup(guard) });
  return (options, callback) => {
    // An address is never looked up, so nothing else would see it.
    const address = literalIn(options.hostname);
    if (address === null || guard.policy.allows(address, address)) connect(options, callback);
    else process.nextTick(callback, new AddressNotAllowed(address, [address]), null);
  };
}

/** For `net.connect`: all that may be called of what a name stands for, and an error where nothing of it may. */
export function guardedLookup({ policy, resolve = lookup }: AddressGuard): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const allowed = addresses.filter(({ address }) => policy.allows(host, address));
      const [first] = allowed;
      if (first === undefined) {
        const refused = addresses.map(({ address }) => address);
        return callback(new AddressNotAllowed(host, refused), []);
      }
      if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
