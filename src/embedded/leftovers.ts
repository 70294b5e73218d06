// Owns what is known about server processes that an earlier life of the coordinator started: how to find and end them.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** How a server is asked to end: each signal in turn, to the processes still there, for so long. SIGKILL follows by itself. */
export type StopPlan = readonly { readonly signal: NodeJS.Signals; readonly waitMs: number }[];

const POLL_MS = 20;
const KILL_WAIT_MS = 5_000;

/**
 * Ends every server process that works in a folder.
 * A server is known by where it stands: PostgreSQL and Redis make their data folder the working directory, and keep it. A pid
 * file could name a process that got the number later; this cannot. The program's name is looked at besides, so that
 * a shell somebody left in the folder is safe.
 * @param folder the real path of the server's data folder
 * @param programs the names its processes may have
 * @param plan sent to the leaders alone: a server ends its own children
 * @returns how many there were
 */
export async function endProcessesIn(folder: string, programs: readonly string[], plan: StopPlan): Promise<number> {
  const found = processesIn(folder, programs);
  if (found.length === 0) return 0;
  for (const { signal, waitMs } of plan) {
    for (const pid of leadersOf(processesIn(folder, programs))) {
      signalQuietly(pid, signal);
      signalQuietly(pid, 'SIGCONT'); // A stopped process would not act on it.
    }
    if (await emptied(folder, programs, waitMs)) return found.length;
  }
  for (const pid of processesIn(folder, programs)) signalQuietly(pid, 'SIGKILL');
  if (await emptied(folder, programs, KILL_WAIT_MS)) return found.length;
  throw new Error(`Processes ${processesIn(folder, programs).join(', ')} in ${folder} cannot be ended.`);
}

/** @returns the ids of the processes of these programs whose working directory is the folder */
export function processesIn(folder: string, programs: readonly string[]): number[] {
  return process.platform === 'linux' ? processesOnLinux(folder, programs) : processesElsewhere(folder, programs);
}

function processesOnLinux(folder: string, programs: readonly string[]): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return (
          programs.includes(readFileSync(`/proc/${name}/comm`, 'utf8').trim()) && readlinkSync(`/proc/${name}/cwd`) === folder
        );
      } catch {
        return false; // It ended while we looked, or is somebody else's.
      }
    })
    .map(Number);
}

/** Without /proc: lsof prints `p<pid>` lines for the processes whose working directory (-d cwd) is the folder. */
function processesElsewhere(folder: string, programs: readonly string[]): number[] {
  return programs.flatMap((program) => {
    try {
      const listed = execFileSync('lsof', ['-a', '-c', program, '-d', 'cwd', '-Fn'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const blocks = listed.split(/^p(?=\d)/m).slice(1);
      return blocks.filter((block) => block.split('\n').includes(`n${folder}`)).map((block) => Number.parseInt(block, 10));
    } catch {
      return []; // lsof ends with 1 where nothing matches.
    }
  });
}

/** Those whose parent is not among them: a postmaster ends its backends itself, and a backend must not get its signals. */
function leadersOf(pids: readonly number[]): readonly number[] {
  if (process.platform !== 'linux') return pids.slice(0, 1);
  return pids.filter((pid) => !pids.includes(parentOf(pid)));
}

function parentOf(pid: number): number {
  try {
    // The name in brackets may hold anything, so what follows is counted from its last bracket: state, then parent.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

async function emptied(folder: string, programs: readonly string[], waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  while (processesIn(folder, programs).length > 0) {
    if (performance.now() >= deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}
