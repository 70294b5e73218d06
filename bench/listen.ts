// Owns how the no-op server and the baseline come up and go down: as holdfast does, so that one code starts all three.
import type { Express } from 'express';

/**
 * Listens on HOST and PORT and says so on stdout; SIGTERM ends it.
 * @param close what else is to be closed
 */
export function serve(name: string, app: Express, close: () => Promise<void> = async () => {}): void {
  const host = process.env.HOST ?? '127.0.0.1';
  const port = Number(process.env.PORT ?? 8080);
  const server = app.listen(port, host, () => console.log(`${name} listens on http://${host}:${port}`));
  process.once('SIGTERM', () => {
    server.close(() => void close().then(() => process.exit(0)));
    server.closeAllConnections();
  });
}
