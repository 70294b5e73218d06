// Owns the rounds with branches: holdfast with and without two participants, and the bare calls to the same participants, in
// turns; and their figures side by side, in transactions/s.
import { BareCaller } from './bare-calls.ts';
import { CALLERS_OF_BRANCHES, CALLS_PER_TRANSACTION, PARTICIPANTS, registerParticipants } from './branches.ts';
import { runLoad } from './load.ts';
import { type Measurement, median, ofSeries, ratio, type Series } from './measurement.ts';
import { table } from './report.ts';
import { measure, measureBareCalls, type Subject } from './session.ts';
import { type System, startSystem } from './system.ts';
import { type Verdict, verdict } from './targets.ts';

const WARM_UP_SECONDS = 1;
/** A Try and a Confirm. */
const REQUESTS_PER_TRANSACTION = 2;
const CONNECTIONS = CALLERS_OF_BRANCHES;
const WITH_BRANCHES: Series = { system: 'holdfast', scenario: 'branches', connections: CONNECTIONS };
const ITEMS_ONLY: Series = { system: 'holdfast', scenario: 'uniform', connections: CONNECTIONS };
const BARE: Series = { system: 'participant', scenario: 'bare calls', connections: CONNECTIONS };

export interface BranchRounds {
  round(seconds: number, round: number): Promise<Measurement[]>;
  stop(): Promise<void>;
}

/** Starts and registers the participants, and warms all up. */
export async function startBranchRounds(holdfast: Subject): Promise<BranchRounds> {
  const participant = await startSystem('participant', '');
  const caller = new BareCaller();
  const stop = async (): Promise<void> => {
    await caller.stop();
    await participant.stop();
  };
  try {
    await registerParticipants(holdfast.system.url, participant.url, PARTICIPANTS);
    await runLoad(holdfast.system.url, { pattern: 'branches', connections: CONNECTIONS, seconds: WARM_UP_SECONDS, pauseMs: 0 });
    await caller.run({ url: participant.url, connections: CONNECTIONS, seconds: WARM_UP_SECONDS });
  } catch (error) {
    await stop();
    throw error;
  }
  return { round: (seconds, round) => runRound(holdfast, participant, caller, seconds, round), stop };
}

/** The order turns around every round, as elsewhere. */
async function runRound(
  holdfast: Subject,
  participant: System,
  caller: BareCaller,
  seconds: number,
  round: number,
): Promise<Measurement[]> {
  const load = { connections: CONNECTIONS, seconds, pauseMs: 0 } as const;
  const steps = [
    () => measure(holdfast, { ...load, pattern: 'uniform' }, round),
    () => measure(holdfast, { ...load, pattern: 'branches' }, round),
    () => measureBareCalls(caller, participant, CONNECTIONS, seconds, round),
  ];
  const runs: Measurement[] = [];
  for (const step of round % 2 === 0 ? steps : steps.toReversed()) runs.push(await step());
  return runs;
}

/** Transactions/s over bare calls/s ÷ 4, within each round. */
function shareOfBareCalls(all: readonly Measurement[]): number {
  return (ratio(all, WITH_BRANCHES, BARE) / REQUESTS_PER_TRANSACTION) * CALLS_PER_TRANSACTION;
}

export function branchVerdict(all: readonly Measurement[]): Verdict {
  return verdict(
    `two branches, ${CONNECTIONS} connections: ≥ 0.5 × bare calls ÷ ${CALLS_PER_TRANSACTION}`,
    shareOfBareCalls(all),
    ' ×',
    (share) => share >= 0.5,
  );
}

/** What a transaction with branches costs beside one without, and beside its calls alone. */
export function branchTable(all: readonly Measurement[]): string {
  const row = (title: string, series: Series, unit: string, perTransaction: number): string[] => {
    const perSecond = median(ofSeries(all, series).map((run) => run.perSecond));
    const shown = (value: number): string => Math.round(value).toLocaleString('en');
    return [title, `${shown(perSecond)} ${unit}/s`, shown(perSecond / perTransaction)];
  };
  return table(
    [`${CONNECTIONS} connections`, 'measured', 'transactions/s'],
    [
      row('holdfast, one item', ITEMS_ONLY, 'requests', REQUESTS_PER_TRANSACTION),
      row('holdfast, one item and two branches', WITH_BRANCHES, 'requests', REQUESTS_PER_TRANSACTION),
      row('the same calls, bare (undici)', BARE, 'calls', CALLS_PER_TRANSACTION),
    ],
  );
}
