// Owns the stories of those who keep the shelves: goods in and out, counting, and looking.
import type { Narrator } from './narrator.ts';
import { getStockOf, movementOf, setStockOf } from './questions.ts';
import { COUNTED, LOOKED_AT, MOVED } from './shelves.ts';
import type { Story } from './stories.ts';

async function move(narrator: Narrator): Promise<void> {
  const { chance } = narrator;
  const kind = chance.pick(['RECEIVE', 'RECEIVE', 'RECEIVE', 'WRITE_OFF', 'ADJUST'] as const);
  const quantity = chance.between(1, 3) * (kind === 'ADJUST' && chance.happens(0.5) ? -1 : 1);
  const movement = movementOf(chance.uuid(), chance.pick(MOVED), kind, quantity);
  if (chance.happens(0.2)) await narrator.impatiently(movement);
  if (chance.happens(0.2)) await narrator.atOnce(movement, movement);
  await narrator.persistently(movement);
  if (chance.happens(0.3)) await narrator.once(movement);
}

/** Who counts again by what was seen before the last count, or while somebody else counts, hears that it is out of date. */
async function count(narrator: Narrator): Promise<void> {
  const { chance } = narrator;
  const place = chance.pick(COUNTED);
  const { etag } = await narrator.look(getStockOf(place.sku));
  await narrator.think();
  const isCareful = chance.happens(0.5);
  await narrator.once(setStockOf(place, chance.between(0, 50), isCareful ? etag : null));
  if (isCareful && chance.happens(0.4)) await narrator.once(setStockOf(place, chance.between(51, 60), etag));
}

async function look(narrator: Narrator): Promise<void> {
  for (let times = narrator.chance.between(1, 4); times > 0; times -= 1) {
    await narrator.once(getStockOf(narrator.chance.pick(LOOKED_AT).sku));
    await narrator.think();
  }
}

export const STOCK_STORIES: readonly Story[] = [
  { name: 'move', weight: 7, tell: move },
  { name: 'count', weight: 2, tell: count },
  { name: 'look', weight: 5, tell: look },
];
