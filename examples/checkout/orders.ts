// Owns an order: stock at the coordinator and money at the payment service, both or neither, and what the buyer is told of it.
import {
  HoldfastAlreadyDecided,
  type HoldfastClient,
  HoldfastError,
  HoldfastOutcomeUnknown,
  HoldfastUnavailable,
  uuid7,
} from 'holdfast/client';

export interface Order {
  /** Made by the buyer's browser, so that a second click, or a retry, is the same order. It is the transaction's id, too. */
  readonly id: string;
  readonly sku: string;
  readonly quantity: number;
  readonly card: string;
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What it costs is for the shop to say, not for the buyer. */
const PRICES_CENTS: ReadonlyMap<string, number> = new Map([
  ['COFFEE', 1890],
  ['GRINDER', 24900],
]);
/** How long stock and money may be held. Whatever becomes of this process, both are free again after it. */
const HOLD_MS = 60_000;

/** Holds the goods and the money, then sells both. */
export async function placeOrder(client: HoldfastClient, { id, sku, quantity, card }: Order): Promise<Answer> {
  const price = PRICES_CENTS.get(sku);
  if (price === undefined) return { status: 404, body: { id, reason: 'unknown-sku' } };
  const basket = {
    id,
    items: [{ sku, quantity }],
    branches: [{ participant: 'payment', payload: { card, cents: price * quantity } }],
    timeoutMs: HOLD_MS,
  };
  try {
    const { transaction } = await client.transaction(basket, (held) => {
      // Both are held now. What may still fail belongs here, such as storing the order: if it throws, both are released.
      console.log(`order ${held.id} is held until ${held.expiresAt}`);
    });
    // CONFIRMING: it is decided and will be done, but the payment service has not answered yet.
    return { status: transaction.state === 'CONFIRMED' ? 201 : 202, body: { id, state: transaction.state } };
  } catch (error) {
    return refusal(client, id, error);
  }
}

/** What became of an order: the coordinator knows, also where this service has died in between. */
export async function findOrder(client: HoldfastClient, id: string): Promise<Answer> {
  if (!UUID.test(id)) return { status: 404, body: { id, reason: 'unknown-transaction' } };
  try {
    const { state, reason, items } = await client.get(id);
    return { status: 200, body: { id, state, reason, items } };
  } catch (error) {
    return refusal(client, id, error);
  }
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @returns `fault`, one sentence, where it is no order */
export function readOrder(body: unknown): Order | { readonly fault: string } {
  const { id = uuid7(), sku, quantity, card } = (body ?? {}) as Partial<Record<keyof Order, unknown>>;
  if (typeof id !== 'string' || !UUID.test(id)) return { fault: 'id must be a UUID' };
  if (typeof sku !== 'string') return { fault: 'sku must be a text' };
  if (typeof card !== 'string') return { fault: 'card must be a text' };
  if (typeof quantity !== 'number' || !Number.isInteger(quantity) || quantity < 1 || quantity > 100) {
    return { fault: 'quantity must be a whole number from 1 to 100' };
  }
  return { id, sku, quantity, card };
}

/** @throws whatever is nobody's answer but a fault of this service */
async function refusal(client: HoldfastClient, id: string, error: unknown): Promise<Answer> {
  // A second click on an order that went through.
  if (error instanceof HoldfastAlreadyDecided) return findOrder(client, id);
  // It may be sold or not, and the coordinator will know. Cancelling now could undo a sale.
  if (error instanceof HoldfastOutcomeUnknown) return { status: 202, body: { id, state: 'UNKNOWN' } };
  // Nothing is known to be done. The same order, under the same id, may be sent again.
  if (error instanceof HoldfastUnavailable) return { status: 503, body: { id, reason: 'unavailable' } };
  if (!(error instanceof HoldfastError)) throw error;
  switch (error.code) {
    case 'insufficient-stock':
      return { status: 409, body: { id, reason: 'out-of-stock', shortages: error.shortages } };
    case 'participant-refused':
      return { status: 402, body: { id, reason: 'payment-refused' } };
    case 'reservation-expired':
    case 'transaction-cancelled':
    case 'invalid-transition':
      return { status: 409, body: { id, reason: 'released' } };
    case 'idempotency-mismatch':
      return { status: 409, body: { id, reason: 'another-order-has-this-id' } };
    case 'invalid-request':
      return { status: 400, body: { id, reason: 'invalid', errors: error.errors } };
    case 'unknown-transaction':
    case 'unknown-sku':
      return { status: 404, body: { id, reason: error.code } };
    default:
      if (error.retryable) return { status: 503, body: { id, reason: 'unavailable' } };
      throw error;
  }
}
