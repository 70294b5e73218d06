// Owns the ceiling: Express 5 that parses and answers bodies of the same shape and size as holdfast, and does nothing else.
// No coordinator on Express can be faster than this on the same machine.
import { randomUUID } from 'node:crypto';
import express from 'express';
import { serve } from './listen.ts';
import { type AskedItem, type BatchBody, shortageBody, type TryBody, transactionBody, wantsMinimal } from './reply.ts';

const SOME_ITEM: readonly AskedItem[] = [{ sku: 'SKU-500', warehouse: 'default', quantity: 1 }];

const app = express();
app.set('etag', false);
app.set('x-powered-by', false);
app.use('/v1/batch', express.json({ limit: '8mb' }));
app.use(express.json());

app.post('/v1/transactions', (request, response) => {
  const { items } = request.body as TryBody;
  if (items[0]?.sku === 'SOLD-OUT') {
    response
      .status(409)
      .type('application/problem+json')
      .send(JSON.stringify(shortageBody(items, randomUUID())));
    return;
  }
  const id = randomUUID();
  response
    .status(201)
    .location(`/v1/transactions/${id}`)
    .json(transactionBody(id, false, items, Date.now()));
});

app.post('/v1/transactions/:id/confirm', (request, response) => {
  response.json(transactionBody(request.params.id, true, SOME_ITEM, Date.now()));
});

app.post('/v1/batch', (request, response) => {
  const minimal = wantsMinimal(request);
  const results = (request.body as BatchBody).operations.map(({ op, id = randomUUID(), items = SOME_ITEM }) => {
    const confirmed = op === 'confirm';
    const body = minimal ? { id, state: confirmed ? 'CONFIRMED' : 'TRIED' } : transactionBody(id, confirmed, items, Date.now());
    return { status: confirmed ? 200 : 201, replayed: false, body };
  });
  response.json({ results });
});

serve('the ceiling', app);
