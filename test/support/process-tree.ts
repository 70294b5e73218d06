// Owns the question which processes a process has started, as the operating system sees it.
import { execFileSync } from 'node:child_process';

/** @returns the living node processes that are direct children */
export function childrenOf(pid: number): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,comm='], { encoding: 'utf8' }).trim().split('\n');
  return lines.flatMap((line) => {
    const [child, parent, state = '', name = ''] = line.trim().split(/\s+/);
    return Number(parent) === pid && !state.startsWith('Z') && /node|MainThread/.test(name) ? [Number(child)] : [];
  });
}
