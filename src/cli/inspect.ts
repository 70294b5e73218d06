// Owns `holdfast inspect`: it reads one transaction with its history.
import { Transaction, understand } from './answers.ts';
import type { CoordinatorClient } from './coordinator-client.ts';
import { EXIT, Failure, type Outcome } from './failure.ts';
import { transactionText } from './inspect-view.ts';
import { type Paint, visibleJson } from './text.ts';

/** @throws Failure */
export async function inspect(client: CoordinatorClient, id: string, asJson: boolean, paint: Paint): Promise<Outcome> {
  // An empty id in the path would be the list.
  if (id === '') throw new Failure(EXIT.usage, 'ID must not be empty.');
  const { body, nowMs } = await client.get(`/v1/transactions/${encodeURIComponent(id)}`);
  const transaction = understand(Transaction, body);
  return { text: asJson ? `${visibleJson(body)}\n` : transactionText(transaction, nowMs, paint), exitCode: EXIT.done };
}
