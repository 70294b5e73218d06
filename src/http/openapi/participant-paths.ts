// Owns the part of the OpenAPI document about participants, and about what operators do where one of them does not answer.
import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { PutParticipantBody, ResolveBody, RetryBody } from '../participant-schemas.ts';
import { Transaction } from './answers.ts';
import { Participant, ParticipantPage, RegisteredParticipant } from './participant-answers.ts';
import { answer, IdPath, NamePath, PlainHeaders, problems, replayed } from './parts.ts';

const tags = ['Participants'];
const EXAMPLE_PARTICIPANT = {
  name: 'payment',
  url: 'https://payment.example/holdfast',
  timeoutMs: 3_000,
  maxConcurrency: 64,
  retry: { initialMs: 1_000, maxMs: 60_000, attentionAfter: 10 },
  createdAt: '2026-11-22T08:00:00.000Z',
  updatedAt: '2026-11-22T08:00:00.000Z',
};
const HOW_IT_IS_CALLED = [
  'The coordinator calls `POST {url}/try`, then `{url}/confirm` or `{url}/cancel`, with `{transactionId, branchId, participant, phase, attempt, expiresAt, payload}` and the headers `Idempotency-Key: <branchId>:<phase>` and `traceparent`. It is signed by Standard Webhooks: `webhook-id` (the same as the Idempotency-Key), `webhook-timestamp` and `webhook-signature`.',
  'A 2xx other than 202 means done. A 409 to a Try refuses, and the transaction is cancelled; to a confirm or cancel it is not done: it is repeated, and the transaction needs attention at once. 202 and 425 mean not yet: it is asked again after `retry.initialMs`. Anything else is unknown: a Try is repeated until the deadline and then cancelled, a confirm or cancel is repeated for ever, more and more seldom.',
  'A branch may be asked to cancel whose Try it refused or never saw, and to do the same thing twice.',
].join('\n\n');

const registrations: ZodOpenApiPathsObject = {
  '/v1/participants': {
    get: {
      operationId: 'listParticipants',
      tags,
      summary: 'List participants',
      requestParams: { header: PlainHeaders },
      responses: { '200': answer('All of them, by name', ParticipantPage), ...problems(false, []) },
    },
  },
  '/v1/participants/{name}': {
    get: {
      operationId: 'getParticipant',
      tags,
      summary: 'Read the registration of a participant',
      requestParams: { path: NamePath, header: PlainHeaders },
      responses: {
        '200': answer('The registration', Participant, undefined, EXAMPLE_PARTICIPANT),
        ...problems(false, [['unknown-participant', 404]]),
      },
    },
    put: {
      operationId: 'putParticipant',
      tags,
      summary: 'Register a participant, or change it',
      description: `Takes effect at once, on open transactions too: the next attempt of a branch that waits goes to the new URL.\n\nWithout \`secret\`, it keeps the one it has; where it has none, one is made and stands in this answer alone. Another \`secret\` takes its place at once, and the one before goes on signing beside it for 24 hours; of the two before, the older ends.\n\n${HOW_IT_IS_CALLED}`,
      requestParams: { path: NamePath, header: PlainHeaders },
      requestBody: {
        required: true,
        content: { 'application/json': { schema: PutParticipantBody, example: { url: EXAMPLE_PARTICIPANT.url } } },
      },
      responses: {
        '200': answer('Registered, new or not', RegisteredParticipant, undefined, {
          ...EXAMPLE_PARTICIPANT,
          secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
        }),
        ...problems(true, []),
      },
    },
    delete: {
      operationId: 'removeParticipant',
      tags,
      summary: 'Remove a participant',
      description: 'Not while open transactions name it.',
      requestParams: { path: NamePath, header: PlainHeaders },
      responses: {
        '204': { description: 'Removed' },
        ...problems(false, ['invalid-transition', ['unknown-participant', 404]]),
      },
    },
  },
};

const interventions: ZodOpenApiPathsObject = {
  '/v1/transactions/{id}/retry': {
    post: {
      operationId: 'retryTransaction',
      tags: ['Transactions'],
      summary: 'Ask now every branch that waits',
      description:
        'Whatever `nextAttemptAt` says, and also where calls to the participant are held back because it failed so often. Of a transaction none of whose branches waits, nothing changes. The answer does not wait for theirs.',
      requestParams: { path: IdPath, header: PlainHeaders },
      requestBody: { required: false, content: { 'application/json': { schema: RetryBody, example: {} } } },
      responses: { '200': answer('The transaction', Transaction), ...problems(true, ['unknown-transaction']) },
    },
  },
  '/v1/transactions/{id}/resolve': {
    post: {
      operationId: 'resolveBranch',
      tags: ['Transactions'],
      summary: 'Settle a branch that cannot settle itself',
      description:
        'By the word of an operator who has looked, or mended it by hand, at the participant. Only while the transaction is CONFIRMING or CANCELLING. It ends by its decision, whatever stands in `as`; where that is the opposite, it needs attention for good. What the participant answers later is ignored. The history keeps who did it, and why.',
      requestParams: { path: IdPath, header: PlainHeaders },
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: ResolveBody,
            example: {
              branchId: '0193b0a4-7c1e-7d00-8000-0000000000b1',
              as: 'CONFIRMED',
              note: 'charged by hand, ticket 4711',
            },
          },
        },
      },
      responses: {
        '200': answer('The transaction', Transaction, z.object({ 'Idempotent-Replayed': replayed })),
        ...problems(true, ['unknown-transaction', 'not-found', 'invalid-transition']),
      },
    },
  },
};

export const PARTICIPANT_PATHS: ZodOpenApiPathsObject = { ...registrations, ...interventions };
