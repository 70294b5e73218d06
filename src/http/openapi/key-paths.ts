// Owns the part of the OpenAPI document about API keys and the audit.
import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { CreateKeyBody, RotateKeyBody, Scopes } from '../key-schemas.ts';
import { AuditQuery, PageQuery } from '../query-schemas.ts';
import { EXAMPLE_ID, Moment, NextCursor } from './answers.ts';
import { answer, IdPath, PlainHeaders, problems } from './parts.ts';

const tags = ['Access'];
const fields = {
  id: z.string().meta({ format: 'uuid', example: EXAMPLE_ID }),
  name: z.string().meta({ example: 'order service' }),
  scopes: Scopes,
  createdAt: Moment,
  expiresAt: Moment.nullable().meta({ description: 'When it ends by itself; null: never.' }),
  revokedAt: Moment.nullable().meta({ description: 'When it was revoked; null where it was not.' }),
  replacedBy: z.string().nullable().meta({ description: 'The key that a rotation made in its place.' }),
};
const Key = z.object(fields).meta({ id: 'Key', description: 'An API key, without its secret, which is kept nowhere.' });
const NewKey = z
  .object({
    ...fields,
    key: z
      .string()
      .meta({ pattern: '^hf_[0-9a-f-]{36}_[0-9a-f]{64}$', description: 'The whole key, `hf_<id>_<secret>`: shown this once.' }),
  })
  .meta({ id: 'NewKey' });
const KeyPage = z.object({ items: z.array(Key), nextCursor: NextCursor }).meta({ id: 'KeyPage' });
const AuditEntry = z
  .object({
    id: z.string().meta({ example: '42' }),
    at: Moment,
    act: z.string().meta({ example: 'participant.put' }),
    subject: z.string().meta({ description: 'What it was done to: an id, a SKU, a participant’s name.', example: 'payment' }),
    actor: z.object({ kind: z.enum(['key', 'token', 'operator', 'nobody']), id: z.string(), name: z.string() }),
    address: z.string().meta({ description: 'From where.', example: '192.0.2.7' }),
    note: z.string().nullable().meta({ description: 'Why, in the words of whoever acted.' }),
    detail: z.record(z.string(), z.unknown()),
    link: z
      .int()
      .nullable()
      .meta({ description: 'The link of the hash chain that holds it; null for the second or so until it has one.' }),
  })
  .meta({ id: 'AuditEntry', description: 'One administrative act.' });
const AuditPage = z.object({ items: z.array(AuditEntry), nextCursor: NextCursor }).meta({ id: 'AuditPage' });

export const KEY_PATHS: ZodOpenApiPathsObject = {
  '/v1/keys': {
    get: {
      operationId: 'listKeys',
      tags,
      summary: 'List API keys, newest first',
      requestParams: { query: PageQuery, header: PlainHeaders },
      responses: { '200': answer('One page: those that are good, and those that were', KeyPage), ...problems(false, []) },
    },
    post: {
      operationId: 'createKey',
      tags,
      summary: 'Make an API key',
      description: 'From the first key on, every route but the probes needs one. It is shown in this answer, and never again.',
      requestParams: { header: PlainHeaders },
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: CreateKeyBody,
            example: { name: 'order service', scopes: ['transactions:read', 'transactions:write'] },
          },
        },
      },
      responses: { '201': answer('Made', NewKey), ...problems(true, []) },
    },
  },
  '/v1/keys/{id}/rotate': {
    post: {
      operationId: 'rotateKey',
      tags,
      summary: 'Make a new key in the place of one',
      description: 'With the same name, scopes and end. The old one stays good for the overlap, and no longer than it was.',
      requestParams: { path: IdPath, header: PlainHeaders },
      requestBody: {
        required: false,
        content: { 'application/json': { schema: RotateKeyBody, example: { overlapMs: 3_600_000 } } },
      },
      responses: { '201': answer('The new one', NewKey), ...problems(true, ['not-found', 'invalid-transition']) },
    },
  },
  '/v1/keys/{id}': {
    delete: {
      operationId: 'revokeKey',
      tags,
      summary: 'Revoke a key',
      description: 'At once here, within a second in other processes. Again, it changes nothing.',
      requestParams: { path: IdPath, header: PlainHeaders },
      responses: { '204': { description: 'Revoked' }, ...problems(false, ['not-found']) },
    },
  },
  '/v1/audit': {
    get: {
      operationId: 'listAudit',
      tags,
      summary: 'What administrators did, newest first',
      description:
        'Changes of keys and participants, retry, resolve, cancels by operators, stock that was moved or counted; an import has two entries, its beginning and its end. Entries are held together by a hash chain (`holdfast audit verify`).',
      requestParams: { query: AuditQuery, header: PlainHeaders },
      responses: { '200': answer('One page', AuditPage), ...problems(false, []) },
    },
  },
};
