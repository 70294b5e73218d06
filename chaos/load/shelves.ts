// Owns what there is to sell: a few SKUs that everybody wants, many that few want, some of which there is little, and one that was
// never stocked.
import type { Chance } from '../random.ts';
import type { AskedItem } from '../record.ts';
import type { Basket, Place } from './questions.ts';

const PLENTY = 10_000_000;
const LITTLE = 4;

const places = (name: string, count: number, warehouse = 'default'): readonly Place[] =>
  Array.from({ length: count }, (_, index) => ({ sku: `${name}-${index + 1}`, warehouse }));

const HOT = places('HOT', 4);
const COLD = [...places('COLD', 160), ...places('COLD', 40, 'north')];
const SCARCE = places('SCARCE', 12);
/** Counted again and again, and not sold. */
export const COUNTED = places('COUNTED', 6);
const FLOODED_ALONE = places('FLOOD', 8);
/** What the flood asks for, some of which others want too. */
export const FLOODED = [...FLOODED_ALONE, ...HOT.slice(0, 2)];
const NEVER_STOCKED: Place = { sku: 'NEVER-STOCKED', warehouse: 'default' };

/** What is received before anything is sold. */
export const STOCKED: readonly { readonly place: Place; readonly quantity: number }[] = [
  ...[...HOT, ...COLD, ...FLOODED_ALONE].map((place) => ({ place, quantity: PLENTY })),
  ...[...SCARCE, ...COUNTED].map((place) => ({ place, quantity: LITTLE })),
];

/** Everything that stories look at. */
export const LOOKED_AT: readonly Place[] = [...HOT, ...SCARCE, ...COUNTED, ...COLD.slice(0, 10)];
/** What is received and written off while it is sold. */
export const MOVED: readonly Place[] = [...SCARCE, ...SCARCE, ...HOT, ...COLD.slice(0, 20)];

const SIZES = [1, 1, 1, 1, 2, 2, 3, 4, 5] as const;
const SHARE = { never: 0.01, scarce: 0.07, hot: 0.45, sameAgain: 0.05 } as const;

export interface BasketWish {
  readonly branches: readonly string[];
  readonly timeoutMs: number;
}

/** One to five lines, now and then two of one SKU. */
export function basketOf(chance: Chance, { branches, timeoutMs }: BasketWish): Basket {
  const items: AskedItem[] = [];
  for (let size: number = chance.pick(SIZES); size > 0; size -= 1) {
    const place = items[0] !== undefined && chance.happens(SHARE.sameAgain) ? items[0] : placeOf(chance);
    items.push({ sku: place.sku, warehouse: place.warehouse, quantity: chance.between(1, 3) });
  }
  return { items, branches, timeoutMs };
}

function placeOf(chance: Chance): Place {
  const draw = chance.fraction();
  if (draw < SHARE.never) return NEVER_STOCKED;
  if (draw < SHARE.never + SHARE.scarce) return chance.pick(SCARCE);
  if (draw < SHARE.never + SHARE.scarce + SHARE.hot) return chance.pick(HOT);
  return chance.pick(COLD);
}
