// Owns the four stories, and what must be true at the end of each.
import type { Shop } from './shop.ts';
import { changes, check, line, type Watched, watch } from './telling.ts';

export interface Story {
  readonly title: string;
  tell(shop: Shop): Promise<void>;
}

const NOTHING = { available: 0, reserved: 0, sold: 0, balanceCents: 0, heldCents: 0 };
const TWO_COFFEES_SOLD = { available: -2, reserved: 0, sold: 2, balanceCents: -3780, heldCents: 0 };

export const STORIES: readonly Story[] = [
  { title: 'An order that goes through', tell: successful },
  { title: 'An order of more than there is', tell: outOfStock },
  { title: 'An order whose payment is refused', tell: refused },
  { title: 'The payment service is killed in the middle of a confirm', tell: killed },
];

async function successful(shop: Shop): Promise<void> {
  const order = await watch(shop, { sku: 'COFFEE', quantity: 2, card: 'card-of-ada' });
  check('the buyer is told at once', order.answer, '201 CONFIRMED');
  check('two are sold and 37.80 is charged', changes(order), TWO_COFFEES_SOLD);
}

async function outOfStock(shop: Shop): Promise<void> {
  const order = await watch(shop, { sku: 'GRINDER', quantity: 2, card: 'card-of-ada' });
  check('the buyer is told why', order.answer, '409 out-of-stock');
  check('the order is cancelled', endOf(order), 'CANCELLED, insufficient-stock');
  check('nothing is held and nothing is charged', changes(order), NOTHING);
}

async function refused(shop: Shop): Promise<void> {
  const order = await watch(shop, { sku: 'COFFEE', quantity: 2, card: 'card-of-bob' });
  check('the buyer is told why', order.answer, '402 payment-refused');
  check('the order is cancelled', endOf(order), 'CANCELLED, participant-refused');
  check('what was held of the stock is released, and nothing is charged', changes(order), NOTHING);
}

/** At the worst moment: the money is taken, and the coordinator has not heard of it. Asking again must not take it twice. */
async function killed(shop: Shop): Promise<void> {
  const lost = shop.wire.loseAnswer('/payment/confirm', () => shop.killPayments());
  const order = await watch(shop, { sku: 'COFFEE', quantity: 2, card: 'card-of-ada' }, async (id) => {
    await lost;
    const { state, branches } = await shop.client.get(id);
    line('killed', `after it took the money, before its answer arrived; the order is ${state}, ${branches[0]?.lastError}`);
    check('the decision stands while the payment service is away', state, 'CONFIRMING');
    await shop.restartPayments();
    line('started', 'the payment service runs again');
  });
  check('the buyer was told that it will be done', order.answer, '202 CONFIRMING');
  check('the order is confirmed', endOf(order), 'CONFIRMED');
  check('the payment service was asked more than once', (order.transaction.branches[0]?.attempts ?? 0) > 1, true);
  check('two are sold and 37.80 is charged, once', changes(order), TWO_COFFEES_SOLD);
}

function endOf({ transaction: { state, reason } }: Watched): string {
  return reason === null ? state : `${state}, ${reason}`;
}
