// Owns what the harness and a participant's process say to one another.
import type { CallRecord } from '../record.ts';
import type { ParticipantMode } from './ports.ts';

/** What a participant's process is started with, as its one argument, in JSON. */
export interface ParticipantSettings {
  readonly name: string;
  readonly port: number;
  /** Of PostgreSQL, past every proxy. */
  readonly databaseUrl: string;
}

export interface BehaveMessage {
  readonly kind: 'behave';
  readonly mode: ParticipantMode;
  /** Told again once it behaves so. */
  readonly request: number;
}

export type ParticipantMessage =
  | { readonly kind: 'listening' }
  | { readonly kind: 'behaves'; readonly request: number }
  | { readonly kind: 'call'; readonly call: CallRecord };
