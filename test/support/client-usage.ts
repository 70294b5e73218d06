// Owns what the client's types promise, as uses of them: only the compiler reads most of it (`npm run check`).
import type { z } from 'zod';
import type * as Client from '../../src/client/index.ts';
import {
  type Basket,
  type HoldfastClient,
  type HoldfastCode,
  HoldfastError,
  HoldfastUnavailable,
} from '../../src/client/index.ts';
import type { ProblemCode } from '../../src/errors.ts';
import type * as Answers from '../../src/http/openapi/answers.ts';

/** Compiles only where what the coordinator answers is what the client says it is. */
type Fits<_Answered extends Promised, Promised> = true;
export type AnswersFit = [
  Fits<z.infer<typeof Answers.Transaction>, Client.Transaction>,
  Fits<z.infer<typeof Answers.TransactionWithHistory>, Client.TransactionWithHistory>,
  Fits<z.infer<typeof Answers.TransactionBrief>, Client.TransactionBrief>,
  Fits<z.infer<typeof Answers.Stock>, Client.Stock>,
  Fits<z.infer<typeof Answers.Movement>, Client.Movement>,
  Fits<z.infer<typeof Answers.StockHistoryPage>, Client.Page<Client.StockHistoryEntry>>,
  Fits<z.infer<typeof Answers.ImportReport>, Client.ImportReport>,
  Fits<ProblemCode, HoldfastCode>,
];

/** As callers name their own: an interface has no index signature. */
interface OrderNotes {
  readonly channel: string;
  readonly gift?: boolean;
}

/** Never called: the compiler reads it. */
export async function usage(client: HoldfastClient, basket: Basket, form: 'minimal' | 'representation'): Promise<void> {
  const notes: OrderNotes = { channel: 'web' };
  await client.try({ ...basket, metadata: notes });
  // @ts-expect-error: metadata is an object
  await client.try({ ...basket, metadata: 'web' });
  const whole = await client.try(basket);
  whole.items satisfies readonly Client.Item[];
  const brief = await client.try(basket, { return: 'minimal' });
  // @ts-expect-error: a brief answer has no items
  brief.items;
  const either = await client.confirm(brief.id, {}, { return: form });
  // @ts-expect-error: it may be a brief one
  either.items;
  const options: Client.DecisionOptions = {};
  // @ts-expect-error: so may this
  (await client.confirm(brief.id, {}, options)).items;
  (await client.cancel(brief.id, {}, { waitSeconds: 1 })).expiresAt satisfies string;
  // @ts-expect-error: a state that is none
  client.list({ state: 'DONE' });
  // @ts-expect-error: exactly one of available and onHand
  await client.stock.count('A', { available: 1, onHand: 1 });
  // @ts-expect-error: and not none
  await client.stock.count('A', {});
  // @ts-expect-error: a confirm needs its id
  await client.batch([{ op: 'confirm' }]);
  const [first] = await client.batch([{ op: 'try', ...basket }], { return: 'minimal' });
  // @ts-expect-error: it may have been refused
  first?.transaction;
  if (first?.ok === true) first.transaction satisfies Client.TransactionBrief;
  const { result } = await client.transaction(basket, async (held) => held.items.length);
  result satisfies number;
}

/** Called by test/unit/client-types.test.ts, to see that run time agrees. */
export function handling(error: unknown): unknown {
  if (!(error instanceof HoldfastError)) return error instanceof HoldfastUnavailable ? error.id : null;
  // @ts-expect-error: only some problems have shortages
  error.shortages;
  // @ts-expect-error: no such code
  if (error.code === 'out-of-stock') return null;
  switch (error.code) {
    case 'insufficient-stock':
      // @ts-expect-error: and this one has no state
      error.state;
      return error.shortages.map((shortage) => shortage.available satisfies number);
    case 'invalid-transition':
      return error.state satisfies Client.TransactionState | null;
    case 'invalid-request':
      return error.errors satisfies readonly Client.RequestFault[];
    default:
      return error.detail;
  }
}
