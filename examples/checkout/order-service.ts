// The order service: PORT (0 takes a free one), and HOLDFAST_URL, where the coordinator is.
import express from 'express';
import { HoldfastClient } from 'holdfast/client';
import { answerFaults, listen } from './listening.ts';
import { findOrder, placeOrder, readOrder } from './orders.ts';

const client = new HoldfastClient({ url: process.env.HOLDFAST_URL ?? 'http://127.0.0.1:8080' });

const app = express();
app.use(express.json());
app.post('/orders', async (request, response) => {
  const order = readOrder(request.body);
  if ('fault' in order) {
    response.status(400).json({ reason: 'invalid', detail: order.fault });
    return;
  }
  const { status, body } = await placeOrder(client, order);
  // Both are worth another question, and say when.
  if (status === 202 || status === 503) response.set('Retry-After', '1');
  response.status(status).json(body);
});
app.get('/orders/:id', async (request, response) => {
  const { status, body } = await findOrder(client, request.params.id);
  response.status(status).json(body);
});
app.use(answerFaults);

await listen('order service', app, async () => {});
