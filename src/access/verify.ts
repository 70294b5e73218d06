// Owns the check of the whole audit: link by link from the first, then what is in no link. What it needs of PostgreSQL comes through a
// port, all of one snapshot.
import { type Entry, faultOfLink, ORIGIN } from './chain.ts';
import type { AuditReading } from './store.ts';

export interface Verification {
  /** What is wrong; empty where nothing is. */
  readonly faults: readonly string[];
  readonly links: number;
  readonly entries: number;
  /** Entries that wait for a link: of the last second or so, where a coordinator runs. */
  readonly pending: number;
  /** The last link: whoever notes it elsewhere can tell later whether the end of the chain was cut off. */
  readonly head: { readonly number: number; readonly hash: string };
}

const LINKS_AT_A_TIME = 100;
const MOST_FAULTS = 20;

/** @param known a link that was noted earlier; null where none was */
export async function verifyAudit(
  reading: AuditReading,
  known: { readonly number: number; readonly hash: string } | null = null,
): Promise<Verification> {
  const faults: string[] = [];
  let head: { readonly number: number; readonly hash: string } = ORIGIN;
  let entries = 0;
  let isKnownFound = known === null || known.number === 0;
  for (;;) {
    const links = await reading.links(head.number, LINKS_AT_A_TIME);
    if (links.length === 0) break;
    const found = await reading.entries(links.flatMap(({ entryIds }) => entryIds));
    const byId = new Map<string, Entry>(found.map((entry) => [entry.id, entry]));
    for (const link of links) {
      const fault = faultOfLink(head, link, byId);
      if (fault !== null) faults.push(fault);
      if (known !== null && link.number === known.number) {
        isKnownFound = true;
        if (link.hash !== known.hash) faults.push(`link ${link.number} is not the one that was noted`);
      }
      entries += link.entryIds.length;
      head = { number: link.number, hash: link.hash };
    }
    if (faults.length >= MOST_FAULTS) break;
  }
  if (!isKnownFound) faults.push(`link ${known?.number}, which was noted, is not there: the end of the chain was cut off`);
  const { pending, strays, lost } = await reading.loose();
  for (const id of strays) faults.push(`entry ${id} is in no link and does not wait for one`);
  for (const id of lost) faults.push(`entry ${id}, which waits for a link, is missing`);
  return { faults: faults.slice(0, MOST_FAULTS), links: head.number, entries, pending, head };
}
