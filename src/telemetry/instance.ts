// Owns the gauges about the parts of one process: lanes, connections, participants' queues. The parts are given as what can be asked,
// so that this layer knows none of them.
import type { Tallies } from './tallies.ts';

export interface LaneFigures {
  readonly lane: string;
  readonly depth: number;
  readonly limit: number;
}

export interface PoolFigures {
  readonly pool: string;
  readonly max: number;
  readonly used: number;
  readonly idle: number;
  readonly waiting: number;
}

export interface ParticipantFigures {
  readonly participant: string;
  readonly breaker: 'closed' | 'probing' | 'open';
  readonly depth: number;
  readonly inFlight: number;
}

export interface Parts {
  readonly lanes: () => readonly LaneFigures[];
  readonly pools: () => readonly PoolFigures[];
  readonly participants: () => readonly ParticipantFigures[];
}

const BREAKER = { closed: 0, probing: 1, open: 2 } as const;

export function watchParts(tallies: Tallies, { lanes, pools, participants }: Parts): void {
  tallies.gauge('holdfast_lane_depth', () => lanes().map(({ lane, depth }) => [[lane], depth]));
  tallies.gauge('holdfast_lane_limit', () => lanes().map(({ lane, limit }) => [[lane], limit]));
  tallies.gauge('db_client_connection_count', () =>
    pools().flatMap(({ pool, used, idle }) => [
      [[pool, 'used'], used],
      [[pool, 'idle'], idle],
    ]),
  );
  tallies.gauge('db_client_connection_max', () => pools().map(({ pool, max }) => [[pool], max]));
  tallies.gauge('db_client_connection_pending_requests', () => pools().map(({ pool, waiting }) => [[pool], waiting]));
  tallies.gauge('holdfast_participant_breaker_state', () =>
    participants().map(({ participant, breaker }) => [[participant], BREAKER[breaker]]),
  );
  tallies.gauge('holdfast_participant_queue_depth', () => participants().map(({ participant, depth }) => [[participant], depth]));
  tallies.gauge('holdfast_participant_in_flight', () =>
    participants().map(({ participant, inFlight }) => [[participant], inFlight]),
  );
}
