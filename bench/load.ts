// Owns what a load is and what comes of it, and picks the generator: wrk where it is installed, autocannon otherwise.
import { spawnSync } from 'node:child_process';
import { loadWithAutocannon } from './load-autocannon.ts';
import { loadWithWrk } from './load-wrk.ts';

export const SKU_COUNT = 1000;
export const SOLD_OUT_SKU = 'SOLD-OUT';

/** Which SKUs are wanted: all alike, by Zipf with s = 1, one only, one of which nothing is left; or all alike, with branches. */
export type Pattern = 'uniform' | 'zipf' | 'hot' | 'sold-out' | 'branches';

export interface Load {
  readonly pattern: Pattern;
  readonly connections: number;
  readonly seconds: number;
  /** How long a connection rests between two requests; 0 drives as hard as it can. */
  readonly pauseMs: number;
  /** The API key that is sent with every request; none where it is not given. */
  readonly key?: string;
}

export interface LoadResult {
  readonly generator: 'wrk' | 'autocannon' | 'node:http';
  readonly requestsPerSecond: number;
  /** Answers by kind: 201 to a Try, 200 to a confirm, 409, and everything else. */
  readonly tried: number;
  readonly confirmed: number;
  readonly refused: number;
  readonly failed: number;
  readonly socketErrors: number;
  readonly latencyMs: { readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number };
  /** The first answer that was not expected, shortened; empty where there was none. */
  readonly sample: string;
}

/** @returns whether wrk can be run here */
export function wrkIsInstalled(): boolean {
  // wrk has no successful `--version`: it prints it and exits 1. That it could be started is all that is asked.
  return spawnSync('wrk', ['-v'], { stdio: 'ignore' }).error === undefined;
}

const generator = wrkIsInstalled() ? loadWithWrk : loadWithAutocannon;

/**
 * Drives one system for a while.
 * @param url where it listens, without a path
 */
export function runLoad(url: string, load: Load): Promise<LoadResult> {
  return generator(url, load, SKU_COUNT);
}
