// Owns the faults of links, and the flood of requests: partitions, lost replies, latency, throttling, resets.
import type { CoordinatorPort, Link, LinkTrouble } from '../cluster/ports.ts';
import type { Chance } from '../random.ts';
import { coordinatorOf } from './coordinators.ts';
import type { Drawn, FaultKind, Heal, Layout } from './fault.ts';
import { repeat } from './servers.ts';

const RESET_EVERY_MS = 250;

export const LINK_FAULTS: readonly FaultKind[] = [
  troubling('link-partition', [1_500, 5_000], (chance) => (chance.happens(0.7) ? { kind: 'cut' } : { kind: 'refuse' })),
  troubling('link-lost-replies', [800, 2_500], () => ({ kind: 'lose-replies' })),
  troubling('link-latency', [2_000, 5_000], (chance) => {
    const delayMs = chance.between(5, 150);
    return { kind: 'delay', delayMs, jitterMs: Math.round(delayMs * chance.fraction()) };
  }),
  troubling('link-slow', [1_500, 4_000], (chance) => ({ kind: 'throttle', bytesPerSecond: chance.between(4, 64) * 1024 })),
  {
    name: 'link-resets',
    lastsMs: [1_000, 3_000],
    draw: (chance, layout) =>
      befall(chance, layout, 'every 250 ms', async (links, over) => {
        const again = repeat(RESET_EVERY_MS, over, async () => {
          for (const link of links) link.reset();
        });
        return () => again;
      }),
  },
];

export const FLOOD: FaultKind = {
  name: 'flood',
  lastsMs: [2_000, 5_000],
  draw: () => ({
    target: 'clients → every coordinator',
    note: null,
    parts: ['flood'],
    strike: async ({ load }) => {
      load.startFlood();
      return () => load.stopFlood();
    },
  }),
};

function troubling(name: string, lastsMs: FaultKind['lastsMs'], drawTrouble: (chance: Chance) => LinkTrouble): FaultKind {
  return {
    name,
    lastsMs,
    draw: (chance, layout) => {
      const trouble = drawTrouble(chance);
      return befall(chance, layout, told(trouble), async (links) => {
        for (const link of links) link.trouble(trouble);
        return async () => {
          for (const link of links) link.trouble(null);
        };
      });
    },
  };
}

function told(trouble: LinkTrouble): string {
  if (trouble.kind === 'delay') return `${trouble.delayMs} ± ${trouble.jitterMs} ms`;
  if (trouble.kind === 'throttle') return `${trouble.bytesPerSecond / 1024} KiB/s`;
  return trouble.kind;
}

interface Place {
  readonly name: string;
  links(coordinator: CoordinatorPort): readonly Link[];
}

/** One link of one coordinator, or all of them at once: then it is alone in the world. */
function befall(
  chance: Chance,
  { instances, participants }: Layout,
  note: string | null,
  strike: (links: readonly Link[], over: AbortSignal) => Promise<Heal>,
): Drawn {
  const index = chance.between(0, instances - 1);
  const me = `coordinator-${index}`;
  const places: readonly Place[] = [
    { name: `${me} → postgres`, links: ({ toPostgres }) => [toPostgres] },
    { name: `${me} → redis`, links: ({ toRedis }) => [toRedis] },
    { name: `clients → ${me}`, links: ({ fromClients }) => [fromClients] },
    ...participants.map((name) => ({
      name: `${me} → ${name}`,
      links: (coordinator: CoordinatorPort) => present(coordinator.toParticipants.get(name)),
    })),
    {
      name: `${me} ↔ everybody`,
      links: ({ toPostgres, toRedis, fromClients, toParticipants }) => [
        toPostgres,
        toRedis,
        fromClients,
        ...toParticipants.values(),
      ],
    },
  ];
  const place = chance.pick(places);
  return {
    target: place.name,
    note,
    // A coordinator's links are one part: healing one of them must not heal what somebody else did to all.
    parts: [`links of ${me}`],
    strike: ({ cluster, over }) => strike(place.links(coordinatorOf({ cluster }, index)), over),
  };
}

function present(link: Link | undefined): readonly Link[] {
  return link === undefined ? [] : [link];
}
