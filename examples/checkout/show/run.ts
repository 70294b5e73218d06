// The way in, `npm run example`: opens the shop, tells the stories, and ends everything it started, also on Ctrl-C. The exit
// code is 0 where every story ended as it should, 1 where one did not, and 130 after an interruption.
import { openShop } from './shop.ts';
import { STORIES } from './stories.ts';
import { StoryBroken } from './telling.ts';

const INTERRUPTED = Symbol('interrupted');

/** Heard for as long as the process lives: a second Ctrl-C must not end it before it has cleaned up. */
const interruption = new Promise<typeof INTERRUPTED>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(INTERRUPTED));
});

async function tellAll(ends: AsyncDisposableStack): Promise<void> {
  console.log('Starting the coordinator, a payment service and an order service on databases of their own …');
  const shop = await openShop(ends);
  for (const [index, { title, tell }] of STORIES.entries()) {
    const heading = `${index + 1}. ${title}`;
    console.log(`\n${heading}`);
    await tell(shop).catch((error: unknown) => {
      throw error instanceof StoryBroken ? new StoryBroken(`${heading}: ${error.message}`) : error;
    });
  }
  console.log('\nEvery order ended as it should.');
}

async function main(): Promise<number> {
  const ends = new AsyncDisposableStack();
  try {
    const how = await Promise.race([tellAll(ends), interruption]);
    if (how !== INTERRUPTED) return 0;
    console.log('\nInterrupted; cleaning up …');
    return 130;
  } catch (error) {
    console.error(error instanceof StoryBroken ? `\n${error.message}` : error);
    return 1;
  } finally {
    await ends.disposeAsync();
  }
}

// By force, because after an interruption a question may still be waiting for an answer that will not come.
process.exit(await main());
