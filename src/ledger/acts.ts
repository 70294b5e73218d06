// Owns the form in which administrative acts reach record_acts, and in which entries and links of the chain come back.
import type { Entry, Link } from '../access/chain.ts';
import type { Act } from '../coordinator/act.ts';

type Json = Record<string, unknown>;

/** One act, as an element of the list that record_acts takes. */
export function actRow({ act, subject, actor, address, note, detail }: Act): Json {
  const who = { actor_kind: actor.kind, actor_id: actor.id, actor_name: actor.name };
  return { act, subject, ...who, address, note, detail: JSON.stringify(detail) };
}

/** @returns the parameter of record_acts */
export function actsParameter(acts: readonly Act[]): string {
  return JSON.stringify(acts.map(actRow));
}

/** As sql/views/audit_entry_document.sql writes it. */
export function entryOfText(text: string): Entry {
  return JSON.parse(text) as Entry;
}

/** As sql/views/audit_link_document.sql writes it. */
export function linkOfText(text: string): Link {
  return JSON.parse(text) as Link;
}
