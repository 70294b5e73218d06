// Owns texts that stand in targets: values out of their JSON, and cursors that were never given out.
import type { Chance } from '../chaos/random.ts';
import { sealCursor } from '../src/http/cursor.ts';
import { TEXTS } from './hostile.ts';
import type { Pool } from './values.ts';

const LISTS = ['transactions', 'stock', 'stock-history', 'stuck', 'keys', 'audit'] as const;
/** Such as the lists have them where nothing was asked for. */
const FILTERS = [null, {}, { act: null, subject: null }, { prefix: null, skus: null }, ['FUZZ-1', null]];
const NUMBERS = ['0', '1', '2', '999999999999999', '999999999999999999', '-1', '00'];

/** With a checksum as good as ours: they must lead nowhere, or on in the list. */
export function forgedCursor(pool: Pool, chance: Chance): string {
  if (chance.happens(0.3)) return chance.pick(TEXTS);
  const part = (): string =>
    chance.pick([chance.pick(TEXTS), chance.pick(NUMBERS), chance.pick(pool.ids), chance.pick(pool.skus)]);
  const key = chance.happens(0.5)
    ? Array.from({ length: chance.between(0, 4) }, part)
    : chance.pick([[chance.pick(NUMBERS), chance.pick(pool.ids)], [chance.pick(NUMBERS)], [chance.pick(pool.skus)]]);
  return sealCursor(chance.pick(LISTS), chance.pick(FILTERS), key);
}

export function textIn(json: string): string {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'string' ? value : json;
  } catch {
    return json;
  }
}
