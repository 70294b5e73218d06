// Owns what the console takes, which the document does not tell of: in the document's own form, so that requests are made of it alike.
import type { Document, Operation, Parameter, Schema } from './values.ts';

const text = { type: 'string' } as const;
const ID: Parameter = { name: 'id', in: 'path' };
const LIMIT: Parameter = { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 500 } };
const BY: Schema = { type: 'string', example: 'ada' };

function act(properties: Readonly<Record<string, Schema>>, required: readonly string[]): Operation {
  const schema = { properties: { ...properties, by: BY, note: text }, required: [...required, 'by', 'note'] };
  return { parameters: [ID], requestBody: { content: { 'application/json': { schema } } } };
}

export const CONSOLE: Document['paths'] = {
  '/console': { get: {} },
  '/console/': { get: {} },
  '/console/assets/{file}': {
    get: { parameters: [{ name: 'file', in: 'path', schema: { enum: ['main.js', 'base.css', 'ask.js'] } }] },
  },
  '/console/session': {
    post: { requestBody: { content: { 'application/x-www-form-urlencoded': {} } } },
    delete: {},
  },
  '/console/api/overview': { get: {} },
  '/console/api/live': { get: {} },
  '/console/api/session': { get: {} },
  '/console/api/stuck': { get: { parameters: [LIMIT, { name: 'cursor', in: 'query' }] } },
  '/console/api/due': { get: { parameters: [LIMIT] } },
  '/console/api/participants': { get: {} },
  '/console/api/stock/{sku}': { get: { parameters: [{ name: 'sku', in: 'path' }] } },
  '/console/api/transactions/{id}': { get: { parameters: [ID] } },
  '/console/api/transactions/{id}/retry': { post: act({}, []) },
  '/console/api/transactions/{id}/cancel': { post: act({}, []) },
  '/console/api/transactions/{id}/resolve': {
    post: act({ branchId: text, as: { enum: ['CONFIRMED', 'CANCELLED'] } }, ['branchId', 'as']),
  },
};
