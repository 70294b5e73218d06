// Owns the participants of a run: one server, which answers as the path says that it is called under.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How each of them answers. */
const ANSWERS: Readonly<Record<string, readonly number[]>> = {
  good: [200],
  refusing: [409],
  slow: [202, 200],
  moody: [200, 500, 409, 425, 302, 200],
  broken: [500],
};
export const MANNERS: readonly string[] = Object.keys(ANSWERS);

export interface Participants {
  readonly url: string;
  /** How many calls have come. */
  calls(): number;
  stop(): Promise<void>;
}

export async function startParticipants(): Promise<Participants> {
  let calls = 0;
  const server = createServer((request, response) => {
    calls += 1;
    const answers = ANSWERS[request.url?.split('/')[1] ?? ''] ?? [404];
    const status = answers[calls % answers.length] ?? 404;
    request.resume().once('end', () => response.writeHead(status, { 'content-length': '2', location: '/elsewhere' }).end('{}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
