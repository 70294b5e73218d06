// Owns how it stands with the servers behind this process, told within the time of whoever probes.
import type { Readiness } from '../http/app.ts';
import type { PostgresQueries } from '../ledger/queries.ts';
import type { Timers } from './timers.ts';

export async function readinessOf(inner: PostgresQueries, timers: Timers | null): Promise<Readiness> {
  const [postgres, redis] = await Promise.all([
    answersWithin(PROBE_MS, inner.ping()),
    timers === null ? ('off' as const) : answersWithin(PROBE_MS, timers.deadlines.ping()),
  ]);
  return { postgres, redis };
}

/** Whoever probes wants to know within its own second or so, also where a server hangs. */
const PROBE_MS = 1000;

function answersWithin(ms: number, question: Promise<unknown>): Promise<'up' | 'down'> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve('down'), ms);
    const answered = (answer: 'up' | 'down'): void => {
      clearTimeout(late);
      resolve(answer);
    };
    question.then(
      () => answered('up'),
      () => answered('down'),
    );
  });
}
