// Owns a process that holds embedded servers, so that a test can kill it: `embedded-holder.ts <data folder>`. It prints one line
// of JSON when the servers run, or when they cannot, and then waits.
import { startEmbedded } from '../../src/embedded/servers.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

try {
  const servers = await startEmbedded({ dataDir: process.argv[2] ?? '', needPostgres: true, needRedis: true, log });
  process.stdout.write(`${JSON.stringify({ databaseUrl: servers.databaseUrl, redisUrl: servers.redisUrl })}\n`);
  setInterval(() => undefined, 1_000);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: error instanceof Error ? error.message : String(error) })}\n`);
  process.exitCode = 1;
}
