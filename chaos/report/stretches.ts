// Owns finding out which stretches of a run a moment lies in, quickly: there are a million moments, and thousands of stretches.
import type { OperationRecord } from '../record.ts';
import { type Service, ServiceTally } from './service.ts';

/** One part of a stretch. Its end is not part of it. */
export interface Window<Name> {
  readonly name: Name;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Stretches<Name> {
  add(operation: OperationRecord): void;
  /** By name, in the order of the first windows; time that lies in two windows of a name is counted once. */
  services(): Map<Name, { readonly lastedMs: number; readonly service: Service }>;
}

interface Stretch {
  lastedMs: number;
  readonly tally: ServiceTally;
}

/** Counts the operations that were sent in the windows, those of one name together. */
export function stretchesOf<Name>(windows: readonly Window<Name>[]): Stretches<Name> {
  const stretches = new Map<Name, Stretch>();
  const borders: { readonly atMs: number; readonly stretch: Stretch; readonly step: 1 | -1 }[] = [];
  for (const { name, fromMs, toMs } of windows) {
    const stretch = stretches.get(name) ?? { lastedMs: 0, tally: new ServiceTally() };
    stretches.set(name, stretch);
    borders.push({ atMs: fromMs, stretch, step: 1 }, { atMs: Math.max(fromMs, toMs), stretch, step: -1 });
  }
  borders.sort((a, b) => a.atMs - b.atMs);

  // Between two neighbouring borders the same stretches are open all the time.
  const open = new Map<Stretch, number>();
  const openAfter = borders.map(({ atMs, stretch, step }, place) => {
    const depth = (open.get(stretch) ?? 0) + step;
    if (depth === 0) open.delete(stretch);
    else open.set(stretch, depth);
    const untilMs = borders[place + 1]?.atMs ?? atMs;
    for (const each of open.keys()) each.lastedMs += untilMs - atMs;
    return [...open.keys()];
  });
  const moments = Float64Array.from(borders, ({ atMs }) => atMs);

  return {
    add: (operation) => {
      for (const { tally } of openAfter[lastNotAfter(moments, operation.sentMs)] ?? []) tally.add(operation);
    },
    services: () =>
      new Map([...stretches].map(([name, { lastedMs, tally }]) => [name, { lastedMs, service: tally.service(lastedMs) }])),
  };
}

/** @returns the place of the last of the sorted moments that is not after this one; -1 where all are */
function lastNotAfter(moments: Float64Array, atMs: number): number {
  let [low, high] = [0, moments.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((moments[middle] ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
