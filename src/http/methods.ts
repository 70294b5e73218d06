// Owns the answer to a method that a path does not take: 405, and to OPTIONS which it does.
import type { Express, NextFunction, Request, Response } from 'express';
import { problem } from '../errors.ts';
import { sendNothing, sendProblem } from './reply.ts';

/**
 * Refuses what no route of a path took; so it comes after them.
 * @param allow the methods that the path takes, as the Allow header lists them
 */
export function takeOnly(app: Express, path: string, allow: string): void {
  app.all(path, (request, response, next) => refuseMethod(allow, request, response, next));
}

function refuseMethod(allow: string, request: Request, response: Response, next: NextFunction): void {
  const takes = allow.split(', ');
  if (takes.includes(request.method)) {
    next();
  } else if (request.method === 'OPTIONS') {
    sendNothing(response, 204, ['Allow', `${allow}, OPTIONS`]);
  } else
    sendProblem(request, response, problem('method-not-allowed', `${request.method} is not taken here; ${allow} is.`), [
      'Allow',
      allow,
    ]);
}
