// Owns how the servers of the bench come up and go down: as holdfast does, so that one code starts them all.
import type { Server } from 'node:http';

/** An Express application, or a plain server. */
interface Listener {
  listen(port: number, host: string, listening: () => void): Server;
}

/**
 * Listens on HOST and PORT and says so on stdout; SIGTERM ends it.
 * @param close what else is to be closed
 */
export function serve(name: string, listener: Listener, close: () => Promise<void> = async () => {}): void {
  const host = process.env.HOST ?? '127.0.0.1';
  const port = Number(process.env.PORT ?? 8080);
  const server = listener.listen(port, host, () => console.log(`${name} listens on http://${host}:${port}`));
  process.once('SIGTERM', () => {
    server.close(() => void close().then(() => process.exit(0)));
    server.closeAllConnections();
  });
}
