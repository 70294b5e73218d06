// Owns the callers of the long benches that look at what else goes on: Try and Confirm of items alone at a steady pace.
import { type LoadResult, runLoad } from './load.ts';
import { median } from './measurement.ts';
import type { System } from './system.ts';

/** At a pace that leaves the machine room, about 1,500 requests/s: a p99 under saturation would measure the queue. */
const CALLERS = { pattern: 'uniform', connections: 32, pauseMs: 20 } as const;
const WARM_UP_SECONDS = 3;

/** As hard as they can, so that code is compiled and pools are filled before anything counts. */
export async function warmUp(system: System): Promise<void> {
  await runLoad(system.url, { ...CALLERS, pauseMs: 0, seconds: WARM_UP_SECONDS });
}

/** One stretch of steady calls. @param name what goes on meanwhile */
export async function slice(system: System, name: string, seconds: number): Promise<LoadResult> {
  const result = await runLoad(system.url, { ...CALLERS, seconds });
  console.log(
    `  ${name}: p99 ${result.latencyMs.p99.toFixed(1)} ms at ${Math.round(result.requestsPerSecond)}/s ${result.sample}`,
  );
  return result;
}

/** Stretches for as long as something lasts: the last runs on past its end, and counts only where it is the only one. */
export async function slicesDuring(work: Promise<unknown>, system: System, name: string, seconds: number): Promise<LoadResult[]> {
  let over = false;
  work
    .finally(() => {
      over = true;
    })
    .catch(() => {});
  const slices: LoadResult[] = [];
  while (!over) {
    const result = await slice(system, name, seconds);
    if (!over || slices.length === 0) slices.push(result);
  }
  return slices;
}

/** @returns the median of the slices' p99 */
export function p99Of(slices: readonly LoadResult[]): number {
  return median(slices.map(({ latencyMs }) => latencyMs.p99));
}

/** @returns how many answers nobody expects of steady calls */
export function unexpectedOf(slices: readonly LoadResult[]): number {
  return slices.reduce((sum, run) => sum + run.failed + run.refused + run.socketErrors, 0);
}
