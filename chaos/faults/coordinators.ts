// Owns the faults of coordinators: killed, stopped in order, paused past their lease, and with a clock that is wrong.

import { setTimeout as delay } from 'node:timers/promises';
import type { CoordinatorPort } from '../cluster/ports.ts';
import type { Chance } from '../random.ts';
import type { Drawn, FaultKind, Heal, Layout, Scene } from './fault.ts';

/** Longer than a lease (5 s), so that others have taken over before it wakes up (I11). */
const PAUSE_MS = [6_000, 8_000] as const;
/** Longer than others may take to take over (10 s), a retry of theirs included. */
const AWAY_MS = [16_000, 17_500] as const;
/** A call takes twice as long, and still ends within the time that participants are given here. */
const SLOW_MS = 600;
const LEAST_CLOCK_FAULT_MS = 2 * 60_000;
const MOST_CLOCK_FAULT_MS = 5 * 3_600_000;

export const COORDINATOR_FAULTS: readonly FaultKind[] = [
  {
    name: 'coordinator-kill',
    lastsMs: [800, 3_000],
    draw: (chance, layout) =>
      befall(chance, layout, null, async (coordinator) => {
        await coordinator.kill();
        return () => coordinator.start();
      }),
  },
  {
    name: 'coordinator-terminate',
    lastsMs: [1_000, 3_000],
    draw: (chance, layout) =>
      befall(chance, layout, null, async (coordinator) => {
        const ended = coordinator.terminate();
        return async () => {
          await ended;
          await coordinator.start();
        };
      }),
  },
  {
    name: 'coordinator-pause',
    lastsMs: PAUSE_MS,
    draw: (chance, layout) =>
      befall(chance, layout, null, async (coordinator) => {
        coordinator.pause();
        return async () => coordinator.resume();
      }),
  },
  {
    // Nobody but others can finish what it began.
    name: 'coordinator-away',
    lastsMs: AWAY_MS,
    inCalm: true,
    draw: (chance, layout) => {
      const index = chance.between(0, layout.instances - 1);
      const target = `coordinator-${index}`;
      return { target, note: null, parts: [target], ...dyingAtWork(index) };
    },
  },
  { name: 'coordinator-clock', lastsMs: [2_000, 5_000], draw: drawClock },
];

function befall(
  chance: Chance,
  { instances }: Layout,
  note: string | null,
  strike: (coordinator: CoordinatorPort) => Promise<Heal>,
): Drawn {
  const index = chance.between(0, instances - 1);
  const target = `coordinator-${index}`;
  return { target, note, parts: [target], strike: (scene) => strike(coordinatorOf(scene, index)) };
}

/** Its calls take long before it dies, so that it leaves some of them to others. */
function dyingAtWork(index: number): Pick<Drawn, 'prepare' | 'strike'> {
  const slow = (coordinator: CoordinatorPort, delayMs: number): void => {
    const trouble = delayMs === 0 ? null : ({ kind: 'delay', delayMs, jitterMs: 0 } as const);
    for (const link of coordinator.toParticipants.values()) link.trouble(trouble);
  };
  return {
    prepare: async (scene) => {
      slow(coordinatorOf(scene, index), SLOW_MS);
      await delay(2 * SLOW_MS);
    },
    strike: async (scene) => {
      const coordinator = coordinatorOf(scene, index);
      await coordinator.kill();
      slow(coordinator, 0);
      return () => coordinator.start();
    },
  };
}

function drawClock(chance: Chance, layout: Layout): Drawn {
  const far = chance.between(LEAST_CLOCK_FAULT_MS, MOST_CLOCK_FAULT_MS);
  const offByMs = chance.happens(0.5) ? far : -far;
  const note = `${offByMs > 0 ? 'ahead' : 'behind'} by ${Math.round(Math.abs(offByMs) / 60_000)} min`;
  return befall(chance, layout, note, async (coordinator) => {
    await coordinator.setClock(offByMs);
    return () => coordinator.setClock(0);
  });
}

export function coordinatorOf({ cluster }: Pick<Scene, 'cluster'>, index: number): CoordinatorPort {
  const coordinator = cluster.coordinators[index];
  if (coordinator === undefined) throw new Error(`there is no coordinator ${index}`);
  return coordinator;
}
