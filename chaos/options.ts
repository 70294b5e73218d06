// Owns what a run is told on its command line.
import { parseArgs } from 'node:util';
import type { FaultKind } from './faults/fault.ts';
import { FAULT_KINDS } from './faults/plan.ts';
import { SABOTAGES, type SabotageName } from './sabotage/catalogue.ts';

export interface RunOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly faults: readonly FaultKind[];
  readonly instances: number;
  /** Where its files go; null for a new folder under chaos-runs. */
  readonly out: string | null;
  readonly sabotage: SabotageName | null;
}

/** The command line is wrong; its message says what to write instead. */
export class WrongOption extends Error {}

export const MOST_INSTANCES = 5;
const LEAST_DURATION_MS = 5_000;
/** All evidence of a run is read into memory to be judged. */
const MOST_DURATION_MS = 2 * 3_600_000;
const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

export const USAGE = `npm run chaos -- [--seed N] [--duration 60s] [--faults a,b,c] [--instances 3] [--out DIR] [--sabotage NAME]

  --seed       what the plan and the stories are drawn from; printed, so that a run can be repeated
  --duration   how long faults strike, 5s to 2h: 90s, 30m, 1h
  --faults     families (coordinator, postgres, redis, link, participant), kinds, or the last part of a kind (partition, kill),
               separated by commas; all of them by default:
               ${FAULT_KINDS.map(({ name }) => name).join(', ')}
  --instances  how many coordinators, 1 to ${MOST_INSTANCES}
  --out        where history, evidence and reports go
  --sabotage   runs a deliberately broken copy: ${Object.keys(SABOTAGES).join(', ')}

A run of few kinds of faults, or a short one, may leave invariants unexamined: those are not held.

Exit code 0: every invariant held. 1: one broke, or was not examined. 2: the run could not be made.`;

/**
 * @param args what follows the name of the command
 * @throws WrongOption
 */
export function readOptions(args: readonly string[]): RunOptions {
  const { values } = parseOrExplain(args);
  return {
    seed: values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : wholeNumber('seed', values.seed, 0, 2 ** 31 - 1),
    durationMs: durationOf(values.duration ?? '60s'),
    faults:
      values.faults === undefined
        ? FAULT_KINDS
        : [...new Set(values.faults.split(',').flatMap((name) => faultsNamed(name.trim())))],
    instances: wholeNumber('instances', values.instances ?? '3', 1, MOST_INSTANCES),
    out: values.out ?? null,
    sabotage: values.sabotage === undefined ? null : sabotageNamed(values.sabotage),
  };
}

function parseOrExplain(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = { seed: text, duration: text, faults: text, instances: text, out: text, sabotage: text };
  try {
    return parseArgs({ args: [...args], options });
  } catch (error) {
    throw new WrongOption(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new WrongOption(`--${name} takes a whole number from ${least} to ${most}, not "${text}"`);
  }
  return value;
}

function durationOf(text: string): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  const durationMs = Number(amount) * UNITS[unit as keyof typeof UNITS];
  if (!(durationMs >= LEAST_DURATION_MS && durationMs <= MOST_DURATION_MS)) {
    throw new WrongOption(`--duration takes 5s to 2h, such as 60s or 30m, not "${text}"`);
  }
  return durationMs;
}

function faultsNamed(name: string): readonly FaultKind[] {
  const found = FAULT_KINDS.filter(
    (kind) => kind.name === name || kind.name.startsWith(`${name}-`) || kind.name.endsWith(`-${name}`),
  );
  if (found.length === 0) {
    throw new WrongOption(`there is no fault "${name}"; there are: ${FAULT_KINDS.map((kind) => kind.name).join(', ')}`);
  }
  return found;
}

function sabotageNamed(name: string): SabotageName {
  if (!Object.hasOwn(SABOTAGES, name)) {
    throw new WrongOption(`there is no sabotage "${name}"; there are: ${Object.keys(SABOTAGES).join(', ')}`);
  }
  return name as SabotageName;
}
