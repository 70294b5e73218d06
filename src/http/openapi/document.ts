// Owns the OpenAPI 3.1 document: made once, when first asked for, from the schemas that validate.
import { createDocument } from 'zod-openapi';
import { BATCH_PATHS } from './batch-paths.ts';
import { KEY_PATHS } from './key-paths.ts';
import { OPERATION_PATHS } from './operation-paths.ts';
import { PARTICIPANT_PATHS } from './participant-paths.ts';
import { STOCK_PATHS } from './stock-paths.ts';
import { TRANSACTION_PATHS } from './transaction-paths.ts';

let made: string | null = null;

/** The document as JSON text. */
export function openApiText(): string {
  made ??= JSON.stringify(openApiDocument());
  return made;
}

function openApiDocument() {
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'holdfast',
      version: '1',
      description:
        'A Try-Confirm-Cancel coordinator for inventory: reserve a basket, then confirm or cancel it; what nobody decides is released at its deadline. A transaction may have branches, held by remote participants: all of it ends the same way. The id of a transaction, movement or refund is its idempotency key. A caller may name its request by `X-Request-Id` (1 to 128 characters of A-Z a-z 0-9 . _ : / + = -): the answer and the lines of the log about it then name it, too.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // Every operation but the probes: without any key and issuer configured, none.
    security: [{ bearer: [] }, {}],
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key (`hf_…`) or a token of the configured issuer, with the scope that the route needs.',
        },
      },
    },
    servers: [{ url: '/', description: 'This coordinator' }],
    tags: [
      { name: 'Transactions', description: 'Reserve, confirm, cancel, extend, refund.' },
      { name: 'Stock', description: 'What there is, and how it came to be.' },
      { name: 'Participants', description: 'The remote services that hold branches of transactions.' },
      { name: 'Access', description: 'API keys, and what was done by those who run the service.' },
      { name: 'Operations', description: 'Probes and documents.' },
    ],
    paths: { ...TRANSACTION_PATHS, ...BATCH_PATHS, ...STOCK_PATHS, ...PARTICIPANT_PATHS, ...KEY_PATHS, ...OPERATION_PATHS },
  });
}
