// Owns the spans of lanes: for each recorded command the time that it waited and the time that its batch took, in its caller's trace;
// and for the batch a trace of its own, which links what it carried. Each statement of PostgreSQL stands in both.
import type { Command, Verdict } from '../coordinator/command.ts';
import { isTransactionCommand } from '../coordinator/command.ts';
import type { BatchTracer, LaneTracer, Queued } from '../coordinator/tracer.ts';
import { ATTRIBUTES, LINKS_A_BATCH, SPANS } from './spans.ts';
import { now, timeOf } from './trace-clock.ts';
import { contextOf } from './trace-context.ts';
import type { RecordedSpan, Recorder } from './tracing-recorder.ts';

/** A command whose span is recorded. */
interface RecordedCommand {
  readonly command: Command;
  readonly since: number;
  readonly trace: string;
}

export function laneTracer(recorder: Recorder, lane: string): LaneTracer {
  return {
    batchBegun: (batch) => {
      const recorded = recordedOf(batch);
      return recorded === null ? null : new BatchSpans(recorder, lane, batch.length, recorded);
    },
  };
}

/** Nearly always there are none; then nothing is made. */
function recordedOf(batch: readonly Queued[]): RecordedCommand[] | null {
  let recorded: RecordedCommand[] | null = null;
  for (const { command, since } of batch) {
    if (command.trace === undefined) continue;
    recorded ??= [];
    recorded.push({ command, since, trace: command.trace });
  }
  return recorded;
}

class BatchSpans implements BatchTracer {
  readonly #recorder: Recorder;
  readonly #batch: RecordedSpan;
  /** The time in the batch of each command that is not settled yet. */
  readonly #open = new Map<Command, RecordedSpan>();

  constructor(recorder: Recorder, lane: string, size: number, recorded: readonly RecordedCommand[]) {
    this.#recorder = recorder;
    const at = now();
    this.#batch = recorder.begin(SPANS.batch, null, {
      at,
      attributes: { [ATTRIBUTES.lane]: lane, [ATTRIBUTES.batchSize]: size, [ATTRIBUTES.batchRecorded]: recorded.length },
      links: recorded.slice(0, LINKS_A_BATCH).map(({ command, trace }) => ({
        context: contextOf(trace),
        attributes: isTransactionCommand(command) ? { [ATTRIBUTES.transactionId]: command.id } : {},
      })),
    });
    const batchContext = this.#batch.spanContext();
    for (const { command, since, trace } of recorded) {
      const parent = contextOf(trace);
      recorder
        .begin(SPANS.laneWait, parent, { at: Math.min(timeOf(since), at), attributes: { [ATTRIBUTES.lane]: lane } })
        .end(at);
      const attributes = { [ATTRIBUTES.lane]: lane, [ATTRIBUTES.command]: command.kind, ...idsOf(command) };
      const links = [{ context: batchContext }];
      this.#open.set(command, recorder.begin(SPANS.laneBatch, parent, { at, attributes, links }));
    }
  }

  statementBegun(name: string): (fault?: unknown) => void {
    const at = now();
    const ends = [this.#batch, ...this.#open.values()].map((parent) => this.#recorder.statement(name, parent.spanContext(), at));
    return (fault) => {
      for (const end of ends) end(fault);
    };
  }

  settled(command: Command, verdict: Verdict): void {
    const span = this.#open.get(command);
    if (span === undefined) return;
    this.#open.delete(command);
    span.set(ATTRIBUTES.outcome, outcomeOf(verdict));
    span.end();
  }

  ended(): void {
    // What is left was given up, or failed: its request says which.
    for (const span of this.#open.values()) span.end();
    this.#open.clear();
    this.#batch.end();
  }
}

function outcomeOf(verdict: Verdict): string {
  if (!verdict.ok) return verdict.problem.code;
  return verdict.replayed ? 'replayed' : 'ok';
}

function idsOf(command: Command): Record<string, string> {
  if (!isTransactionCommand(command)) return {};
  const transaction = { [ATTRIBUTES.transactionId]: command.id };
  return 'branchId' in command ? { ...transaction, [ATTRIBUTES.branchId]: command.branchId } : transaction;
}
