// Owns the forms that the text of a setting may be asked to have, and the taking apart of those that are lists.
import { isIP } from 'node:net';

export const FILE_PATH = /^[^\0]{1,4096}$/;

/** A list in which each is one of these. */
export function eachOf(isOne: (text: string) => boolean): Pick<RegExp, 'test'> {
  return { test: (text) => listOf(text).every(isOne) };
}

/** The members of a setting that is a list; none where it is not set. */
export function listOf(text: string | null): readonly string[] {
  return text === null ? [] : text.split(',').map((one) => one.trim());
}

/** As a browser writes it: nothing but scheme, host and a port that does not go without saying. */
export function isOrigin(text: string): boolean {
  return /^https?:\/\/[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** An address, or as many of them as share a prefix; all of them is a slip, or trust in everybody. */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const version = isIP(address);
  // An IPv4 address is written as one.
  if (/^::ffff:/i.test(address)) return false;
  if (version === 0 || address.includes('%') || more.length > 0) return false;
  return prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}
