// Owns the systems under test, and the participant they call, as child processes: started, known by their address, watched for
// memory, stopped.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../src/embedded/redis.ts';

export type SystemName = 'ceiling' | 'baseline' | 'holdfast' | 'participant';

export interface System {
  readonly name: SystemName;
  readonly url: string;
  /** Of its own process and all below it, but not of the servers it uses. */
  residentBytes(): Promise<number>;
  /** Of its own process, user and system; NaN where there is no /proc. */
  processorSeconds(): Promise<number>;
  stop(): Promise<void>;
}

const ENTRY: Record<SystemName, string> = {
  ceiling: './ceiling.ts',
  baseline: './baseline.ts',
  holdfast: '../src/main.ts',
  participant: './participant.ts',
};
/** As `npm start` has it. */
const FLAGS: Record<SystemName, readonly string[]> = {
  ceiling: [],
  baseline: [],
  holdfast: ['--max-semi-space-size=8'],
  participant: [],
};
const START_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 15_000;
const PAGE_BYTES = 4096;
const LAST_LINES = 50;

async function listening(child: ChildProcess, name: SystemName): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const said: string[] = [];
  const note = (line: string): void => {
    const url = /listens on (http:\/\/\S+)/.exec(line)?.[1];
    if (url !== undefined) resolve(url.replace(/["',]+$/, ''));
    said.push(line);
    if (said.length > LAST_LINES) said.shift();
  };
  // Both streams are read to the end, or a full pipe would stop the child.
  if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', note);
  if (child.stderr !== null) createInterface({ input: child.stderr }).on('line', note);
  child.once('exit', (code, signal) => {
    const fault = `${name} ended (${code ?? signal}):\n${said.join('\n')}`;
    reject(new Error(fault));
    // After it listened nobody awaits this promise, and the load only sees refused connections: so it is said aloud.
    if (code !== 0) console.error(fault);
  });
  const timer = setTimeout(() => reject(new Error(`${name} does not listen:\n${said.join('\n')}`)), START_WITHIN_MS);
  return promise.finally(() => clearTimeout(timer));
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await promise.finally(() => clearTimeout(timer));
}

/** Node processes only: an embedded Redis below the coordinator is not its own memory. */
async function residentBytesOf(pid: number): Promise<number> {
  let parents: Map<number, number[]>;
  try {
    parents = await childrenByParent();
  } catch {
    return Number.NaN; // no /proc here
  }
  let total = 0;
  const open = [pid];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const command = await readFile(`/proc/${next}/cmdline`, 'utf8').catch(() => '');
    if (!/(^|\/)node$/.test(command.split('\0')[0] ?? '')) continue;
    const memory = await readFile(`/proc/${next}/statm`, 'utf8').catch(() => '0 0');
    total += Number(memory.split(' ')[1]) * PAGE_BYTES;
    open.push(...(parents.get(next) ?? []));
  }
  return total;
}

/** By clock ticks of 1/100 s, as every Linux has them. */
async function processorSecondsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

async function childrenByParent(): Promise<Map<number, number[]>> {
  const children = new Map<number, number[]>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    // The name in brackets may hold spaces; the parent stands second after it.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  return children;
}

/**
 * Starts a system and waits until it listens.
 * @param databaseUrl ceiling and participant have no use for it
 * @param redisUrl undefined lets holdfast start its own
 * @param port undefined takes a free one
 * @param more settings besides, and another place for the code of holdfast
 */
export async function startSystem(
  name: SystemName,
  databaseUrl: string,
  redisUrl?: string,
  port?: number,
  more: { readonly env?: Readonly<Record<string, string>>; readonly entry?: string } = {},
): Promise<System> {
  const dataFolder = await mkdtemp(path.join(tmpdir(), `holdfast-bench-${name}-`));
  const child = spawn(process.execPath, [...FLAGS[name], more.entry ?? fileURLToPath(new URL(ENTRY[name], import.meta.url))], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port ?? (await freePort())),
      WORKERS: '1',
      LOG_LEVEL: 'warn',
      HOLDFAST_DATA_DIR: dataFolder,
      DATABASE_URL: databaseUrl,
      HOLDFAST_PARTICIPANT_ALLOW: '127.0.0.0/8',
      ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
      ...more.env,
    },
  });
  const stop = async (): Promise<void> => {
    await ended(child);
    await rm(dataFolder, { recursive: true, force: true });
  };
  try {
    const url = await listening(child, name);
    return {
      name,
      url,
      residentBytes: () => residentBytesOf(child.pid ?? 0),
      processorSeconds: () => processorSecondsOf(child.pid ?? 0),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
