// Owns the rule that one data folder serves one coordinator. The lock is one that the kernel holds for the process, so it is
// gone the moment its holder is, however it died: no stale file to judge, no process id that another process took over.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

/** Another coordinator holds the data folder. */
export class FolderInUse extends Error {
  constructor(folder: string, holderPid: number | null) {
    const holder = holderPid === null ? 'another process' : `process ${holderPid}`;
    super(
      `The data folder ${folder} is in use by ${holder}. Stop that one first, or give this one a folder of its own (HOLDFAST_DATA_DIR).`,
    );
    this.name = 'FolderInUse';
  }
}

export interface FolderLock {
  release(): void;
}

const holderFile = (folder: string): string => join(folder, 'holder.pid');

/**
 * Takes the data folder for this process, until release() or its death.
 * Node has no flock of its own; an empty SQLite file locked exclusively is the same thing, on every platform.
 * @param folder an existing folder
 * @throws FolderInUse where another process has it
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, 'lock');
  closeSync(openSync(path, 'a', 0o600)); // So that no other local user can open it, and keep us out.
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    // Nothing is ever written into it, so nothing needs a journal on the disk.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (error instanceof Error && error.message.includes('locked')) throw new FolderInUse(folder, await holderPid(folder));
    throw error;
  }
  await writeFile(holderFile(folder), `${process.pid}\n`);
  return {
    release: () => {
      if (lock.isOpen) lock.close();
    },
  };
}

/** For the message only. A holder that has only just locked may not have written its id yet, hence the second look. */
async function holderPid(folder: string): Promise<number | null> {
  for (let look = 0; look < 10; look += 1) {
    const pid = readHolder(folder);
    if (pid !== null && isAlive(pid)) return pid;
    await delay(50);
  }
  return null;
}

function readHolder(folder: string): number | null {
  try {
    const pid = Number(readFileSync(holderFile(folder), 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
