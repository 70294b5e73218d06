// Owns the question which process is at the other end of a connection on this machine. Linux alone tells.
import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const TRIES = 3;
const PAUSE_MS = 5;

/** @returns which of the processes, by its place in the list, holds the other end; null where none does */
export async function whichCalls(socket: Socket, pids: () => readonly (number | null)[]): Promise<number | null> {
  const { remotePort, localPort } = socket;
  if (remotePort === undefined || localPort === undefined) return null;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    if (attempt > 0) await delay(PAUSE_MS);
    const inode = inodeOf(await readFile('/proc/net/tcp', 'latin1'), remotePort, localPort);
    if (inode === null) continue;
    for (const [index, pid] of pids().entries()) if (pid !== null && (await familyHolds(pid, inode))) return index;
  }
  return null;
}

/** A line of /proc/net/tcp: number, local address, remote address, state, queues, timer, retransmits, user, timeout, inode. */
export function inodeOf(table: string, localPort: number, remotePort: number): string | null {
  const local = `:${hex(localPort)}`;
  const remote = `:${hex(remotePort)}`;
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(local) && fields[2]?.endsWith(remote) && fields[9] !== '0') return fields[9] ?? null;
  }
  return null;
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** The process, or a worker that it forked. */
async function familyHolds(pid: number, inode: string): Promise<boolean> {
  if (await holds(pid, inode)) return true;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  for (const child of children.split(' ').filter(Boolean)) if (await familyHolds(Number(child), inode)) return true;
  return false;
}

async function holds(pid: number, inode: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  const links = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return links.includes(`socket:[${inode}]`);
}
