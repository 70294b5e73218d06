// Owns the part of the OpenAPI document about operating the service and reading about it.
import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { HottestQuery } from '../query-schemas.ts';
import { Hottest, Liveness, ProblemExplanation, ProblemList, Readiness } from './answers.ts';
import { answer, problems } from './parts.ts';

const tags = ['Operations'];
const page = (description: string) => ({ description, content: { 'text/html': { schema: z.string() } } });

export const OPERATION_PATHS: ZodOpenApiPathsObject = {
  '/livez': {
    get: { operationId: 'getLiveness', tags, summary: 'Is the process alive?', responses: { '200': answer('It is', Liveness) } },
  },
  '/readyz': {
    get: {
      operationId: 'getReadiness',
      tags,
      summary: 'Can it serve?',
      responses: { '200': answer('It can', Readiness), '503': answer('PostgreSQL is down, or it is shutting down', Readiness) },
    },
  },
  '/metrics': {
    get: {
      operationId: 'getMetrics',
      tags,
      summary: 'Figures of every process of this instance, for Prometheus',
      responses: {
        '200': { description: 'Text exposition format, version 0.0.4', content: { 'text/plain': { schema: z.string() } } },
        ...problems(false, []),
      },
    },
  },
  '/v1/operations/hottest': {
    get: {
      operationId: 'listHottest',
      tags,
      summary: 'The SKUs that are asked for most, over the last whole window',
      requestParams: { query: HottestQuery },
      responses: { '200': answer('The most tried first', Hottest), ...problems(false, []) },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'getOpenApi',
      tags,
      summary: 'This document',
      responses: { '200': answer('OpenAPI 3.1', z.record(z.string(), z.unknown())), ...problems(false, []) },
    },
  },
  '/docs': {
    get: {
      operationId: 'getDocs',
      tags,
      summary: 'A page to read and try the API',
      responses: { '200': page('The page'), ...problems(false, []) },
    },
  },
  '/problems': {
    get: {
      operationId: 'listProblems',
      tags,
      summary: 'Every problem code',
      responses: {
        '200': {
          description: 'A page, or JSON where Accept asks for it',
          content: { 'text/html': { schema: z.string() }, 'application/json': { schema: ProblemList } },
        },
        ...problems(false, []),
      },
    },
  },
  '/problems/{code}': {
    get: {
      operationId: 'getProblem',
      tags,
      summary: 'What a problem code means',
      requestParams: { path: z.object({ code: z.string().meta({ example: 'insufficient-stock' }) }) },
      responses: {
        '200': {
          description: 'A page, or JSON where Accept asks for it',
          content: { 'text/html': { schema: z.string() }, 'application/json': { schema: ProblemExplanation } },
        },
        ...problems(false, ['not-found']),
      },
    },
  },
};
