// Owns how the body of a call is read: parsed where anybody is believed, otherwise as the bytes that came, checked before anything
// looks into them.
import express, { type Request, type RequestHandler } from 'express';
import { BadCall } from './call.ts';
import type { Verify } from './signature.ts';

/** The contract's payload is at most 16 KiB. */
const MAX_BODY_BYTES = 64 * 1024;

/** The application has read the body and kept no bytes of it: nothing can be checked. */
export class BodyGone extends Error {
  constructor() {
    super(
      'a signature could not be checked, because the application had parsed the body: mount the participant before express.json(), or keep the bytes as request.rawBody',
    );
    this.name = 'BodyGone';
  }
}

/** @returns handlers that leave the parsed body in `request.body`; those before a route's own */
export function bodyReaders(verify: Verify | null): RequestHandler[] {
  // Each passes over what the application has read already.
  if (verify === null) return [express.json({ limit: MAX_BODY_BYTES })];
  const readBytes = express.raw({ type: () => true, limit: MAX_BODY_BYTES, inflate: false });
  return [
    readBytes,
    (request, _response, next) => {
      const bytes = bytesOf(request);
      const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) => request.get(`webhook-${name}`));
      verify({ id, timestamp, signature }, bytes);
      // Never what the application made of them: that was not signed.
      request.body = parsed(bytes);
      next();
    },
  ];
}

function bytesOf(request: Request): Uint8Array {
  const { body, rawBody } = request as { readonly body?: unknown; readonly rawBody?: unknown };
  if (Buffer.isBuffer(rawBody)) return rawBody;
  if (Buffer.isBuffer(body)) return body;
  if (body === undefined) return new Uint8Array();
  throw new BodyGone();
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new BadCall('The body must be JSON in UTF-8.');
  }
}
