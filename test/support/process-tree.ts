// Owns the questions which processes a process has started and whether they live, as the operating system sees it.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** @returns the direct children that live */
export function childrenOf(pid: number): number[] {
  return living()
    .filter(({ parent }) => parent === pid)
    .map((each) => each.pid);
}

/**
 * @returns those of them that live. A signal that can be sent proves nothing: one that has ended takes signals until its parent has
 * asked for its end, and who inherits it may be slow to
 */
export function livingAmong(pids: readonly number[]): number[] {
  const all = new Set(living().map((each) => each.pid));
  return pids.filter((pid) => all.has(pid));
}

function living(): Listed[] {
  return (process.platform === 'linux' ? processesOnLinux() : processesElsewhere()).filter(({ isZombie }) => !isZombie);
}

interface Listed {
  readonly pid: number;
  readonly parent: number;
  readonly isZombie: boolean;
}

/** /proc, because small images have no ps. */
function processesOnLinux(): Listed[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      // "pid (name) state parent …", where the name may hold anything, brackets too.
      const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      return [{ pid: Number(pid), parent: Number(parent), isZombie: state === 'Z' || state === 'X' }];
    } catch {
      return []; // It ended while we looked.
    }
  });
}

function processesElsewhere(): Listed[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const [pid, parent, state = ''] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), isZombie: state.startsWith('Z') };
  });
}
