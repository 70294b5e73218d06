// Owns walking through lists page by page.
import type { Page } from './answers.ts';

/**
 * Every entry of a list, page after page; the next page is read when the last entry of the one before was taken.
 * @param readPage undefined asks for the first page
 * @throws what readPage throws
 */
export async function* eachOf<Entry>(
  readPage: (cursor: string | undefined) => Promise<Page<Entry>>,
): AsyncGenerator<Entry, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await readPage(cursor);
    yield* page.items;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
