// Owns looking at the ledger while the load runs: what a snapshot shows in the middle of things, the end may have healed.
import { setTimeout as delay } from 'node:timers/promises';
import { chaosStatement } from '../cluster/statement.ts';
import type { SampleRecord } from '../record.ts';
import { withLedger } from './snapshot.ts';

const EVERY_MS = 500;
const LOOK_LIMIT_MS = 2_000;
/** A look at everything takes as long as it does, and then nothing is looked at for many times as long. */
const WHOLE_LIMIT_MS = 10_000;
const WHOLE_AFTER_TIMES = 20;

export interface Sampler {
  /**
   * Ends after the look under way.
   * @throws what went wrong with a look, but for PostgreSQL that could not be asked
   */
  stop(): Promise<void>;
}

interface Rule {
  readonly invariant: string;
  readonly examined: number;
  readonly violations: readonly string[];
}

/**
 * Looks now and again until it is stopped. While PostgreSQL cannot be asked it sees nothing.
 * @param url past every proxy
 * @param memory of each coordinator, bytes
 */
export function startSampler(
  url: string,
  write: (sample: SampleRecord) => void,
  memory: () => readonly (number | null)[],
): Sampler {
  const stopped = new AbortController();
  let wholeAtMs = performance.now() + EVERY_MS * WHOLE_AFTER_TIMES;
  const look = async (): Promise<void> => {
    const atMs = Date.now();
    const begunMs = performance.now();
    const isWhole = begunMs >= wholeAtMs;
    try {
      const rules = await withLedger(url, isWhole ? WHOLE_LIMIT_MS : LOOK_LIMIT_MS, async (client) => {
        const { rows } = await client.query<Rule>(chaosStatement(isWhole ? 'sample_whole.sql' : 'sample_open.sql'));
        return rows;
      });
      write(sampleOf(atMs, rules, memory()));
    } catch (error) {
      // While PostgreSQL is in trouble it cannot be asked; anything else is a fault of the look itself.
      if (!isTroubleOfPostgres(error)) throw error;
    } finally {
      // A look at everything that failed is not begun again at once, in the place of every other look.
      if (isWhole) wholeAtMs = performance.now() + Math.max(EVERY_MS, performance.now() - begunMs) * WHOLE_AFTER_TIMES;
    }
  };
  const looking = (async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await look();
      await delay(EVERY_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();
  // stop() tells what went wrong; until then nobody listens.
  looking.catch(() => undefined);
  return {
    stop: () => {
      stopped.abort();
      return looking;
    },
  };
}

function sampleOf(atMs: number, rules: readonly Rule[], memory: readonly (number | null)[]): SampleRecord {
  return {
    type: 'sample',
    atMs,
    examined: Object.fromEntries(rules.map(({ invariant, examined }) => [invariant, examined])),
    violations: rules.flatMap(({ invariant, violations }) => violations.map((text) => ({ invariant, text }))),
    memory,
  };
}

/** Connection exceptions, too few resources, an operator's intervention, and a file system that fails. */
const TROUBLED_CLASSES = ['08', '53', '57', '58'];
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Only what PostgreSQL itself answered can be a fault of the look: all else, in whatever words, is a connection that is gone. */
function isTroubleOfPostgres(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  const isAnswer = syscall === undefined && code !== undefined && SQLSTATE.test(code);
  return !isAnswer || TROUBLED_CLASSES.includes(code.slice(0, 2));
}
