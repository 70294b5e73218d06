// Owns wrong clocks: libfaketime, where it is installed, and the file by which a process is told how far its clock is off.
import { existsSync, readdirSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';

const LIBRARY = 'libfaketimeMT.so.1';
/** The library reads its file again once a second. */
export const CLOCK_DELAY_MS = 1_100;

/** @returns the path of libfaketime; null where it is not installed or the system is not Linux */
export function findFaketime(): string | null {
  if (process.platform !== 'linux') return null;
  const triplets = ['/usr/lib', '/usr/local/lib'].flatMap((folder) =>
    namesIn(folder)
      .filter((name) => name.includes('-linux-'))
      .map((name) => `${folder}/${name}/faketime`),
  );
  const usual = ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/usr/local/lib64'].map((folder) => `${folder}/faketime`);
  return [...triplets.filter(isOfThisMachine), ...usual].map((folder) => `${folder}/${LIBRARY}`).find(existsSync) ?? null;
}

/** A library of another architecture is not loaded, and the loader only grumbles. */
function isOfThisMachine(folder: string): boolean {
  const names: Partial<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64', ia32: 'i386', ppc64: 'powerpc64le' };
  return folder.includes(`/${names[process.arch] ?? process.arch}`);
}

/** @returns what a process must find in its environment; the file must be there before it starts */
export function faketimeEnvironment(library: string, file: string): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    // Durations stay right: a clock that is set wrong does not change how long a second is.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}

/** Renamed into place, so that nobody reads half of it. */
export async function writeClock(file: string, offByMs: number): Promise<void> {
  const seconds = offByMs / 1_000;
  await writeFile(`${file}.new`, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds).toFixed(3)}\n`);
  await rename(`${file}.new`, file);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
