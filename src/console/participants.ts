// Owns what the console reads of participants: their registrations with how calls to them fare, by the figures.
import type { Participant } from '../coordinator/model.ts';
import type { Express, Response } from '../http/context.ts';
import { renderParticipant } from '../http/render.ts';
import type { Figures } from '../telemetry/snapshot.ts';
import { type ConsoleContext, plainRead, sendFreshText } from './context.ts';
import { boundsOf, bucketsOf, histogramsOf, mostOf, msOf, quantileOf, sumOf, withLabels } from './figures.ts';

export interface ParticipantFigures {
  /** The worst of all processes: each has a breaker of its own. Null where none has called it yet. */
  readonly breaker: 'closed' | 'probing' | 'open' | null;
  readonly queueDepth: number;
  readonly inFlight: number;
  readonly waiting: number;
  readonly overdue: number;
  /** Since the processes were started. */
  readonly attempts: { readonly done: number; readonly refused: number; readonly notYet: number; readonly failed: number };
  readonly p99Ms: number | null;
}

const BREAKERS = ['closed', 'probing', 'open'] as const;

export function addParticipantsRead(app: Express, context: ConsoleContext): void {
  app.get(
    '/console/api/participants',
    plainRead((_request, response) => listParticipants(context, response)),
  );
}

/** All in one answer: there are few. */
async function listParticipants({ queries, figures }: ConsoleContext, response: Response): Promise<void> {
  const [participants, read] = await Promise.all([queries.participants(null), figures()]);
  sendFreshText(response, `{"items":[${participants.map((participant) => render(participant, read)).join(',')}]}`);
}

function render(participant: Participant, figures: Figures): string {
  const rest = JSON.stringify(participantFigures(figures, participant.name));
  return `${renderParticipant(participant).slice(0, -1)},${rest.slice(1)}`;
}

export function participantFigures(figures: Figures, participant: string): ParticipantFigures {
  const wanted = withLabels({ participant });
  const breaker = mostOf(figures, 'holdfast_participant_breaker_state', wanted);
  const attempts = (outcome: string): number =>
    sumOf(figures, 'holdfast_branch_attempts_total', withLabels({ participant, outcome })) ?? 0;
  const durations = bucketsOf(histogramsOf(figures, 'holdfast_branch_attempt_duration_seconds', wanted));
  return {
    breaker: breaker === null ? null : (BREAKERS[breaker] ?? null),
    queueDepth: sumOf(figures, 'holdfast_participant_queue_depth', wanted) ?? 0,
    inFlight: sumOf(figures, 'holdfast_participant_in_flight', wanted) ?? 0,
    waiting: mostOf(figures, 'holdfast_branches_waiting', wanted) ?? 0,
    overdue: mostOf(figures, 'holdfast_branches_overdue', wanted) ?? 0,
    attempts: {
      done: attempts('done'),
      refused: attempts('refused'),
      notYet: attempts('not-yet'),
      failed: attempts('failed'),
    },
    p99Ms: msOf(quantileOf(boundsOf('holdfast_branch_attempt_duration_seconds'), durations, 0.99)),
  };
}
