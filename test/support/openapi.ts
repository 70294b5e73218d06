// Owns the check that an answer is what the OpenAPI document says it may be.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';

// The package is CommonJS with a default inside its default; which of the two a loader hands out differs.
const addFormats = addFormatsModule as unknown as (ajv: Ajv2020) => void;

interface ResponseObject {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>;
}
export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses?: Readonly<Record<string, ResponseObject>> }>>>
  >;
}

const validators = new WeakMap<OpenApiDocument, { readonly ajv: Ajv2020; readonly byPointer: Map<string, ValidateFunction> }>();

/**
 * Fails where the answer is not one the document allows for that call.
 * @param openapi the document as served
 * @param path as called, with or without a query
 * @param body parsed where it is JSON, text otherwise; undefined where there is none (304, HEAD)
 */
export function expectAnswerToMatch(openapi: OpenApiDocument, method: string, path: string, status: number, body: unknown): void {
  const target = path.split('?', 1)[0] ?? '';
  const template = templateOf(openapi, target);
  const name = (method === 'HEAD' ? 'GET' : method).toLowerCase();
  const operation = template === null ? undefined : openapi.paths[template]?.[name];
  // What no operation describes may only be refused.
  if (template === null || operation === undefined) {
    if (![400, 401, 403, 404, 405, 406, 408, 413, 429, 431, 501, 503].includes(status))
      throw new Error(`${method} ${target}: no operation, yet ${status}`);
    return;
  }
  const response = operation.responses?.[String(status)];
  if (response === undefined) throw new Error(`${method} ${template}: the document does not know the status ${status}`);
  const types = Object.keys(response.content ?? {});
  if (body === undefined || types.length === 0) return;
  const isText = typeof body === 'string';
  const type = types.find((one) => isText === one.startsWith('text/'));
  if (type === undefined) throw new Error(`${method} ${template} ${status}: answered in a form the document does not name`);
  const steps = ['paths', template, name, 'responses', String(status), 'content', type, 'schema'];
  const validate = validatorOf(openapi, `/${steps.map(escapeStep).join('/')}`);
  if (!validate(body)) {
    throw new Error(
      `${method} ${template} ${status}: ${JSON.stringify(validate.errors?.slice(0, 5))}\n${JSON.stringify(body).slice(0, 2000)}`,
    );
  }
}

function templateOf(openapi: OpenApiDocument, target: string): string | null {
  const steps = target.split('/');
  const templates = Object.keys(openapi.paths).filter((template) => {
    const parts = template.split('/');
    return (
      parts.length === steps.length &&
      parts.every((part, index) => part === steps[index] || (part.startsWith('{') && steps[index] !== ''))
    );
  });
  // A literal path wins over one with parameters.
  return templates.sort((left, right) => left.split('{').length - right.split('{').length)[0] ?? null;
}

function validatorOf(openapi: OpenApiDocument, pointer: string): ValidateFunction {
  let known = validators.get(openapi);
  if (known === undefined) {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats(ajv);
    ajv.addSchema(openapi, 'openapi');
    known = { ajv, byPointer: new Map() };
    validators.set(openapi, known);
  }
  const made = known.byPointer.get(pointer) ?? known.ajv.compile({ $ref: `openapi#${pointer}` });
  known.byPointer.set(pointer, made);
  return made;
}

function escapeStep(step: string): string {
  return encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'));
}
