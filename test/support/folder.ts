// Owns the temporary folders of the tests.
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atTheEnd } from './end.ts';

/** @returns the real path of a new, empty folder that the servers' own user may pass through; whoever asks removes it */
export async function makeFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-test-')));
  await chmod(folder, 0o711);
  return folder;
}

/** The same, and the end of the run removes it. */
export async function makeFolderForTheRun(): Promise<string> {
  const folder = await makeFolder();
  atTheEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
