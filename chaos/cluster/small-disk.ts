// Owns the small file system that PostgreSQL stands on, so that it can be filled: a tmpfs of its own, on Linux, for root.
import { execFile } from 'node:child_process';
import { mkdir, rmdir, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';

/** It holds half an hour of load; nothing is taken of memory but what is written. */
const SIZE_BYTES = 3 * 1024 ** 3;
/** What is left when it is full: less than a segment of the log, or a table that grows. */
const LEFT_BYTES = 64 * 1024;
const TRIES = 10;

const run = promisify(execFile);

export interface SmallDisk {
  readonly folder: string;
  /** Not a block is free from now on, but for what is freed. */
  fill(): Promise<void>;
  empty(): Promise<void>;
  /** Nobody may stand on it any more. May be called twice. */
  remove(): Promise<void>;
}

/** @returns the disk, or why there is none */
export async function makeSmallDisk(folder: string): Promise<SmallDisk | string> {
  if (process.platform !== 'linux') return 'a small file system can be made on Linux alone';
  if (process.getuid?.() !== 0) return 'only root may mount a small file system';
  await mkdir(folder, { mode: 0o711 });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_BYTES},mode=0711`, 'tmpfs', folder]);
  } catch (error) {
    await rmdir(folder);
    return `no small file system could be mounted: ${error instanceof Error ? error.message.trim() : String(error)}`;
  }
  const resize = (bytes: number): Promise<unknown> => run('mount', ['-o', `remount,size=${bytes}`, folder]);
  let isMounted = true;
  return {
    folder,
    // A file of ballast would take gigabytes of memory; a smaller limit is as full.
    fill: async () => {
      for (let attempt = 1; ; attempt += 1) {
        const { blocks, bfree, bsize } = await statfs(folder);
        try {
          await resize((blocks - bfree) * bsize + LEFT_BYTES * attempt);
          return;
        } catch (error) {
          // It grew while we looked.
          if (attempt === TRIES) throw error;
        }
      }
    },
    empty: async () => void (await resize(SIZE_BYTES)),
    remove: async () => {
      if (!isMounted) return;
      isMounted = false;
      await run('umount', [folder]).catch(() => run('umount', ['-l', folder]));
      await rmdir(folder);
    },
  };
}
