// Owns the chain of audited acts: each link holds the hash of the one before it and of every entry it takes in, so that none can be
// changed, removed or slipped in without breaking all that follow. Many entries may share a link: what acts waits for no chain. Pure.
import { hash } from 'node:crypto';
import type { ChainLink, RecordedAct } from '../coordinator/keeping.ts';

export type Entry = RecordedAct;
export type Link = ChainLink;

/** Before the first link. */
export const ORIGIN = { number: 0, hash: '0'.repeat(64) } as const;

/** Takes entries into the chain, in the order given. */
export function linkOf(before: { readonly number: number; readonly hash: string }, entries: readonly Entry[], at: number): Link {
  const number = before.number + 1;
  const link = { number, entryIds: entries.map(({ id }) => id), previous: before.hash, at };
  return { ...link, hash: hashOfLink(link, entries) };
}

/**
 * Holds a link against the one before it and against its entries as they are stored now.
 * @returns what is wrong with it; null where nothing is
 */
export function faultOfLink(
  before: { readonly number: number; readonly hash: string },
  link: Link,
  entries: ReadonlyMap<string, Entry>,
): string | null {
  if (link.number !== before.number + 1) return `link ${before.number + 1} is missing`;
  if (link.previous !== before.hash) return `link ${link.number} does not follow link ${before.number} as that stands now`;
  const found: Entry[] = [];
  for (const id of link.entryIds) {
    const entry = entries.get(id);
    if (entry === undefined) return `entry ${id} of link ${link.number} is missing`;
    found.push(entry);
  }
  return hashOfLink(link, found) === link.hash ? null : `link ${link.number}, or one of its entries, was changed`;
}

function hashOfLink({ number, previous, at }: Omit<Link, 'hash' | 'entryIds'>, entries: readonly Entry[]): string {
  return hash('sha256', JSON.stringify([number, previous, at, entries.map(hashOfEntry)]));
}

function hashOfEntry({ id, at, act, subject, actor, address, note, detail }: Entry): string {
  return hash('sha256', JSON.stringify([id, at, act, subject, actor.kind, actor.id, actor.name, address, note, detail]));
}
