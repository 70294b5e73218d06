// Owns the faults of PostgreSQL and of Redis, and of participants that misbehave.
import type { ParticipantMode } from '../cluster/ports.ts';
import type { FaultKind, Heal, Scene } from './fault.ts';

const BACKEND_KILL_EVERY_MS = 700;

export const POSTGRES_FAULTS: readonly FaultKind[] = [
  onPostgres('postgres-kill-backends', [1_500, 4_000], async ({ cluster, over }) => {
    const again = repeat(BACKEND_KILL_EVERY_MS, over, async () => void (await cluster.postgres.killBackends()));
    return () => again;
  }),
  onPostgres('postgres-restart', [300, 1_500], async ({ cluster }) => {
    await cluster.postgres.kill();
    return () => cluster.postgres.start();
  }),
  onPostgres('postgres-pause', [1_000, 3_500], async ({ cluster }) => {
    cluster.postgres.pause();
    return async () => cluster.postgres.resume();
  }),
  onPostgres('postgres-connections', [1_500, 4_000], ({ cluster }) => cluster.postgres.exhaustConnections()),
  onPostgres('postgres-disk', [1_000, 3_000], ({ cluster }) => {
    if (cluster.postgres.fillDisk === null) throw new Error('the disk cannot be filled here');
    return cluster.postgres.fillDisk();
  }),
];

const killRedis = async ({ cluster }: Scene): Promise<Heal> => {
  await cluster.redis.kill();
  return () => cluster.redis.start();
};

const pauseRedis = async ({ cluster }: Scene): Promise<Heal> => {
  cluster.redis.pause();
  return async () => cluster.redis.resume();
};

const AWAY = {
  killed: killRedis,
  paused: pauseRedis,
  'cut off': async ({ cluster }: Scene): Promise<Heal> => {
    for (const { toRedis } of cluster.coordinators) toRedis.trouble({ kind: 'cut' });
    return async () => {
      for (const { toRedis } of cluster.coordinators) toRedis.trouble(null);
    };
  },
} as const;

export const REDIS_FAULTS: readonly FaultKind[] = [
  onRedis('redis-kill', [1_500, 5_000], killRedis),
  onRedis('redis-flush', [200, 600], async ({ cluster }) => {
    await cluster.redis.flush();
    return async () => {};
  }),
  onRedis('redis-empty', [200, 600], async ({ cluster }) => {
    await cluster.redis.restartEmpty();
    return async () => {};
  }),
  onRedis('redis-rollback', [200, 600], async ({ cluster }) => {
    await cluster.redis.rollBack();
    return () => cluster.redis.takeSnapshot();
  }),
  {
    // Longer than the sweep may take (5 s): what is due then is released by it alone.
    name: 'redis-away',
    lastsMs: [10_000, 12_000],
    inCalm: true,
    draw: (chance, { instances }) => {
      const how = chance.pick(['killed', 'paused', 'cut off'] as const);
      const links = Array.from({ length: instances }, (_, index) => `links of coordinator-${index}`);
      return { target: 'redis', note: how, parts: how === 'cut off' ? ['redis', ...links] : ['redis'], strike: AWAY[how] };
    },
  },
  onRedis('redis-pause', [1_000, 4_000], pauseRedis),
];

const MODES: readonly Exclude<ParticipantMode, 'ok'>[] = ['down', 'hang', 'slow', '500', '409', '425', '202', 'garbage', 'half'];

export const PARTICIPANT_FAULTS: readonly FaultKind[] = MODES.map((mode) => ({
  name: `participant-${mode}`,
  lastsMs: [1_200, 4_000],
  draw: (chance, { participants }) => {
    const name = chance.pick(participants);
    return {
      target: name,
      note: null,
      parts: [name],
      strike: async ({ cluster }) => {
        const participant = cluster.participants.find((each) => each.name === name);
        if (participant === undefined) throw new Error(`there is no participant ${name}`);
        await participant.behave(mode);
        return () => participant.behave('ok');
      },
    };
  },
}));

function onPostgres(name: string, lastsMs: FaultKind['lastsMs'], strike: (scene: Scene) => Promise<Heal>): FaultKind {
  return { name, lastsMs, draw: () => ({ target: 'postgres', note: null, parts: ['postgres'], strike }) };
}

function onRedis(name: string, lastsMs: FaultKind['lastsMs'], strike: (scene: Scene) => Promise<Heal>): FaultKind {
  return { name, lastsMs, draw: () => ({ target: 'redis', note: null, parts: ['redis'], strike }) };
}

/** Does it now and again until it is over. Resolves then; a failure of what is broken anyway is no news. */
export async function repeat(everyMs: number, over: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!over.aborted) {
    await work().catch(() => undefined);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, everyMs);
      over.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
  }
}
