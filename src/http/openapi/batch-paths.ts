// Owns the part of the OpenAPI document about batches of operations on transactions.
import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { CancelOperation, ConfirmOperation, MAX_OPERATIONS, TryOperation } from '../schemas.ts';
import { BatchReport, EXAMPLE_ID } from './answers.ts';
import { answer, PreferHeaders, preferenceApplied, problems } from './parts.ts';
import { EXAMPLE_TRY } from './transaction-paths.ts';

const Operation = z.discriminatedUnion('op', [TryOperation, ConfirmOperation, CancelOperation]).meta({ id: 'Operation' });
const Batch = z.strictObject({ operations: z.array(Operation).min(1).max(MAX_OPERATIONS) }).meta({
  id: 'Batch',
  description: 'Each operation stands alone; those on one id take effect in order. `Prefer: wait` is one wait for all of them.',
});

const EXAMPLE = {
  operations: [
    { op: 'try', ...EXAMPLE_TRY },
    { op: 'confirm', id: EXAMPLE_ID },
  ],
};

export const BATCH_PATHS: ZodOpenApiPathsObject = {
  '/v1/batch': {
    post: {
      operationId: 'runBatch',
      tags: ['Transactions'],
      summary: 'Many tries, confirms and cancels at once',
      requestParams: { header: PreferHeaders },
      requestBody: { required: true, content: { 'application/json': { schema: Batch, example: EXAMPLE } } },
      responses: {
        '200': answer('One result for each', BatchReport, z.object({ 'Preference-Applied': preferenceApplied })),
        ...problems(true, []),
      },
    },
  },
};
