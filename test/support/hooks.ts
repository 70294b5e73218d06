// Owns the one root hook: whatever the tests started is ended with them, also when Ctrl-C ends the run.
import { undoEverything } from './end.ts';

export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(60_000);
    await undoEverything();
  },
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void undoEverything().finally(() => process.exit(1));
  });
}
