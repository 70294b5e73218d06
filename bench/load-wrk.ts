// Owns the call of wrk and the reading of what load.lua prints.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Load, LoadResult } from './load.ts';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('./load.lua', import.meta.url));

interface Printed {
  readonly durationMs: number;
  readonly requests: number;
  readonly tried: number;
  readonly confirmed: number;
  readonly refused: number;
  readonly failed: number;
  readonly socketErrors: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly sample: string;
}

/** Drives a system with wrk on one thread: a second one would only take the core that the server needs. */
export async function loadWithWrk(url: string, load: Load, skuCount: number): Promise<LoadResult> {
  const options = ['-t1', `-c${load.connections}`, `-d${load.seconds}s`, '--timeout', '10s', '-s', SCRIPT];
  const script = [load.pattern, String(skuCount), String(load.pauseMs), ...(load.key === undefined ? [] : [load.key])];
  const { stdout } = await run('wrk', [...options, url, '--', ...script]);
  const line = stdout.split('\n').find((text) => text.startsWith('RESULT '));
  if (line === undefined) throw new Error(`wrk printed no result:\n${stdout}`);
  const printed = JSON.parse(line.slice('RESULT '.length)) as Printed;
  return {
    generator: 'wrk',
    requestsPerSecond: printed.requests / (printed.durationMs / 1000),
    tried: printed.tried,
    confirmed: printed.confirmed,
    refused: printed.refused,
    failed: printed.failed,
    socketErrors: printed.socketErrors,
    latencyMs: { p50: printed.p50Ms, p90: printed.p90Ms, p99: printed.p99Ms, max: printed.maxMs },
    sample: printed.sample,
  };
}
