// Owns the sabotage early-ack: a 2xx that a crash of PostgreSQL takes back (I6).
import type { Sabotage } from '../sabotage.ts';

export const earlyAck: Sabotage = {
  breaks: 'Callers are answered before what they were told is durable: a commit returns before it is written.',
  replacements: [{ file: 'sql/session.sql', find: 'SET synchronous_commit = on;', replace: 'SET synchronous_commit = off;' }],
  expectedBy: ['I6'],
  faults: ['postgres-restart'],
};
