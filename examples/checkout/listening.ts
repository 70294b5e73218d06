// Owns what the two services have in common as processes: where they listen, how they stop, and what a fault is answered with.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ErrorRequestHandler, Express } from 'express';

/**
 * Serves until SIGTERM or SIGINT: then nothing new is accepted, what is in flight is finished, and the process ends by itself.
 * @param close what else is to be closed, once nobody is being served
 * @throws where the port is taken
 */
export async function listen(name: string, app: Express, close: () => Promise<void>): Promise<void> {
  const server = createServer(app);
  server.listen(Number(process.env.PORT ?? 0), '127.0.0.1');
  await once(server, 'listening');
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    // A connection that is kept alive is idle again after its last answer, and would hold the end up.
    const closingIdle = setInterval(() => server.closeIdleConnections(), 50);
    server.close(() => {
      clearInterval(closingIdle);
      close().catch((error: unknown) => {
        console.error(error);
        process.exitCode = 1;
      });
    });
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  console.log(`${name} listens on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** Express would send the stack to whoever asked. What they sent wrong they may know; the rest is for the log. */
export const answerFaults: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) return next(error);
  const status = error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 500;
  if (status >= 400 && status < 500) return response.status(status).json({ reason: error.message });
  console.error(error);
  return response.status(500).json({ reason: 'internal-error' });
};
