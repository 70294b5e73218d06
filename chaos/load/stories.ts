// Owns the stories that callers live through, each told by a narrator, and how often each is told.
import type { Outcome } from '../record.ts';
import type { Narrator } from './narrator.ts';
import { type Basket, cancelOf, confirmOf, confirmPartOf, extendOf, getOf, refundOf, tryOf } from './questions.ts';
import { basketOf } from './shelves.ts';
import { STOCK_STORIES } from './stock-stories.ts';

export interface Story {
  readonly name: string;
  /** How often it is told, beside the others. */
  readonly weight: number;
  tell(narrator: Narrator): Promise<void>;
}

const USUAL_TIMEOUT_MS = 8_000;
/** Nothing stays open longer than this after the load has ended. */
const LONGEST_TIMEOUT_MS = 9_000;
const SHARE_WITH_BRANCHES = 0.3;
const SHARE_THAT_WAITS = 0.3;

const isHeld = (outcome: Outcome): boolean => outcome.kind === 'answer' && outcome.status < 300;

interface Held {
  readonly id: string;
  readonly basket: Basket;
  readonly outcome: Outcome;
}

function draw(narrator: Narrator, timeoutMs = USUAL_TIMEOUT_MS): { readonly id: string; readonly basket: Basket } {
  const { chance, participants } = narrator;
  const isWithBranches = participants.length > 0 && chance.happens(SHARE_WITH_BRANCHES);
  const branches = isWithBranches ? Array.from({ length: chance.between(1, 3) }, () => chance.pick(participants)) : [];
  return { id: chance.uuid(), basket: basketOf(chance, { branches, timeoutMs }) };
}

function drawWithoutBranches({ chance }: Narrator): { readonly id: string; readonly basket: Basket } {
  return { id: chance.uuid(), basket: basketOf(chance, { branches: [], timeoutMs: USUAL_TIMEOUT_MS }) };
}

/** Where branches take part, some callers say how long they would wait. */
function waitOf({ chance }: Narrator, { branches }: Pick<Basket, 'branches'>): number | null {
  return branches.length > 0 && chance.happens(SHARE_THAT_WAITS) ? chance.between(0, 3) : null;
}

/** Tries a basket until something is known. */
async function hold(narrator: Narrator, drawn = draw(narrator)): Promise<Held> {
  const by = narrator.chance.happens(0.1) ? 'header' : 'body';
  const outcome = await narrator.persistently(tryOf(drawn.id, drawn.basket, by, waitOf(narrator, drawn.basket)));
  return { ...drawn, outcome };
}

const confirmed = (narrator: Narrator, { id, basket }: Pick<Held, 'id' | 'basket'>): Promise<Outcome> =>
  narrator.persistently(confirmOf(id, waitOf(narrator, basket)));

async function buy(narrator: Narrator): Promise<void> {
  const held = await hold(narrator);
  if (!isHeld(held.outcome)) return;
  await narrator.think();
  await confirmed(narrator, held);
  if (narrator.chance.happens(0.2)) await narrator.once(getOf(held.id));
}

async function changeOnesMind(narrator: Narrator): Promise<void> {
  const held = await hold(narrator);
  await narrator.think();
  await narrator.persistently(cancelOf(held.id, waitOf(narrator, held.basket)));
  if (narrator.chance.happens(0.3)) await narrator.once(cancelOf(held.id, null));
  if (narrator.chance.happens(0.2)) await narrator.once(confirmOf(held.id, null));
}

async function leave(narrator: Narrator): Promise<void> {
  const { id, basket } = draw(narrator, narrator.chance.between(300, 4_000));
  await narrator.once(tryOf(id, basket, 'body', null));
  if (narrator.chance.happens(0.3)) await narrator.once(getOf(id));
}

async function confirmTwice(narrator: Narrator): Promise<void> {
  const held = await hold(narrator);
  if (!isHeld(held.outcome)) return;
  await confirmed(narrator, held);
  await narrator.think();
  await confirmed(narrator, held);
}

async function confirmAtOnce(narrator: Narrator): Promise<void> {
  const held = await hold(narrator);
  if (!isHeld(held.outcome)) return;
  const times = narrator.chance.between(2, 4);
  await narrator.atOnce(...Array.from({ length: times }, () => confirmOf(held.id, null)));
  await narrator.once(getOf(held.id));
}

async function confirmBesideCancel(narrator: Narrator): Promise<void> {
  const held = await hold(narrator);
  if (!isHeld(held.outcome)) return;
  await narrator.atOnce(...narrator.chance.shuffled([confirmOf(held.id, null), cancelOf(held.id, null)]));
  await narrator.once(getOf(held.id));
}

async function cancelBeforeTry(narrator: Narrator): Promise<void> {
  const { id, basket } = draw(narrator);
  if (narrator.chance.happens(0.3)) {
    await narrator.atOnce(cancelOf(id, null), tryOf(id, basket, 'body', null));
  } else {
    await narrator.persistently(cancelOf(id, null));
    await narrator.think();
  }
  await narrator.persistently(tryOf(id, basket, 'body', null));
}

async function buyPart(narrator: Narrator): Promise<void> {
  const held = await hold(narrator, drawWithoutBranches(narrator));
  if (!isHeld(held.outcome)) return;
  const part = partOf(narrator, held.basket);
  await narrator.persistently(confirmPartOf(held.id, part));
  if (narrator.chance.happens(0.3)) await narrator.once(confirmPartOf(held.id, part));
  if (narrator.chance.happens(0.2)) await narrator.once(confirmPartOf(held.id, partOf(narrator, held.basket)));
  if (narrator.chance.happens(0.1)) await narrator.once(confirmOf(held.id, null));
}

/** Some of its lines, whole or less; now and then more than is held. */
function partOf({ chance }: Narrator, { items }: Basket): Basket['items'] {
  const some = chance.shuffled(items).slice(0, chance.between(1, items.length));
  const bySku = new Map(some.map((item) => [`${item.sku} ${item.warehouse}`, item]));
  const excess = chance.happens(0.08) ? 10 : 0;
  return [...bySku.values()].map((item) => ({ ...item, quantity: chance.between(1, item.quantity) + excess }));
}

async function giveBack(narrator: Narrator): Promise<void> {
  const { chance } = narrator;
  const held = await hold(narrator);
  if (!isHeld(held.outcome) || !isHeld(await confirmed(narrator, held))) return;
  await narrator.think();
  for (let times = chance.between(1, 3); times > 0; times -= 1) {
    const isWhole = chance.happens(0.4);
    const refundId = isWhole && chance.happens(0.3) ? null : chance.uuid();
    const refund = refundOf(held.id, refundId, isWhole ? null : partOf(narrator, held.basket));
    // Without an id a second one might be another refund: nobody sends that twice.
    if (refundId === null) await narrator.once(refund);
    else await narrator.persistently(refund);
    if (refundId !== null && chance.happens(0.3)) await narrator.atOnce(refund, refund);
  }
}

async function decideAtTheDeadline(narrator: Narrator): Promise<void> {
  const { chance } = narrator;
  const held = await hold(narrator, draw(narrator, chance.between(300, 1_200)));
  if (!isHeld(held.outcome)) return;
  await narrator.rest(held.basket.timeoutMs + chance.between(-120, 60));
  await (chance.happens(0.7) ? confirmed(narrator, held) : narrator.persistently(cancelOf(held.id, null)));
  if (chance.happens(0.5)) await narrator.once(getOf(held.id));
}

async function confirmTooLate(narrator: Narrator): Promise<void> {
  const held = await hold(narrator, draw(narrator, narrator.chance.between(300, 800)));
  if (!isHeld(held.outcome)) return;
  await narrator.rest(held.basket.timeoutMs + narrator.chance.between(20, 700));
  await confirmed(narrator, held);
  if (narrator.chance.happens(0.5)) await narrator.once(tryOf(held.id, held.basket, 'body', null));
}

async function extend(narrator: Narrator): Promise<void> {
  const { chance } = narrator;
  const held = await hold(narrator, draw(narrator, chance.between(400, 2_000)));
  if (!isHeld(held.outcome)) return;
  for (let times = chance.between(1, 3); times > 0; times -= 1) {
    await narrator.rest(chance.between(0, 500));
    await narrator.once(extendOf(held.id, chance.between(300, LONGEST_TIMEOUT_MS / 3)));
  }
  if (chance.happens(0.7)) await confirmed(narrator, held);
}

async function tryAgain(narrator: Narrator): Promise<void> {
  const { chance } = narrator;
  const { id, basket } = draw(narrator);
  const again = tryOf(id, basket, 'body', null);
  if (chance.happens(0.4)) await narrator.atOnce(again, again);
  const outcome = await narrator.persistently(again);
  await narrator.think();
  await narrator.once(again);
  if (!isHeld(outcome)) return;
  await narrator.persistently(chance.happens(0.5) ? confirmOf(id, null) : cancelOf(id, null));
  await narrator.think();
  await narrator.once(again);
}

async function tryOtherContent(narrator: Narrator): Promise<void> {
  const held = await hold(narrator);
  const other = draw(narrator);
  await narrator.once(tryOf(held.id, other.basket, 'body', null));
  if (isHeld(held.outcome)) await confirmed(narrator, held);
}

async function giveUpAndAskLater(narrator: Narrator): Promise<void> {
  const { chance } = narrator;
  const { id, basket } = draw(narrator);
  await narrator.impatiently(tryOf(id, basket, 'body', null));
  await narrator.rest(chance.between(0, 700));
  const later = chance.happens(0.4) ? getOf(id) : tryOf(id, basket, 'body', null);
  const outcome = await narrator.persistently(later);
  if (!isHeld(outcome)) return;
  const decision = chance.happens(0.7) ? confirmOf(id, null) : cancelOf(id, null);
  await narrator.impatiently(decision);
  await narrator.rest(chance.between(0, 400));
  await narrator.persistently(chance.happens(0.4) ? getOf(id) : decision);
}

async function askForTheUnknown(narrator: Narrator): Promise<void> {
  const id = narrator.chance.uuid();
  await narrator.once(narrator.chance.happens(0.5) ? confirmOf(id, null) : getOf(id));
}

async function buyWithoutId(narrator: Narrator): Promise<void> {
  const { basket } = draw(narrator, 3_000);
  const outcome = await narrator.once(tryOf('', basket, 'nothing', null));
  if (outcome.kind !== 'answer' || outcome.status >= 300) return;
  const { id } = outcome.body as { readonly id: string };
  await narrator.think();
  await narrator.persistently(narrator.chance.happens(0.7) ? confirmOf(id, null) : cancelOf(id, null));
}

export const STORIES: readonly Story[] = [
  { name: 'buy', weight: 22, tell: buy },
  { name: 'change one’s mind', weight: 10, tell: changeOnesMind },
  { name: 'leave', weight: 6, tell: leave },
  { name: 'confirm twice', weight: 5, tell: confirmTwice },
  { name: 'confirm at once', weight: 5, tell: confirmAtOnce },
  { name: 'confirm beside cancel', weight: 7, tell: confirmBesideCancel },
  { name: 'cancel before Try', weight: 5, tell: cancelBeforeTry },
  { name: 'buy part', weight: 7, tell: buyPart },
  { name: 'give back', weight: 8, tell: giveBack },
  { name: 'decide at the deadline', weight: 6, tell: decideAtTheDeadline },
  { name: 'confirm too late', weight: 3, tell: confirmTooLate },
  { name: 'extend', weight: 4, tell: extend },
  { name: 'try again', weight: 8, tell: tryAgain },
  { name: 'try other content', weight: 3, tell: tryOtherContent },
  { name: 'give up and ask later', weight: 9, tell: giveUpAndAskLater },
  { name: 'ask for the unknown', weight: 2, tell: askForTheUnknown },
  { name: 'buy without id', weight: 4, tell: buyWithoutId },
  ...STOCK_STORIES,
];
