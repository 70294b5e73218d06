// Owns the names of everything that spans say and that OpenTelemetry's semantic conventions have no name for: spans of our own, and
// their attributes, which begin with `holdfast.`. docs/tracing.md explains them, and a test holds it to this table.

/** Spans of our own. Those of requests, of calls to participants and of PostgreSQL are named as the conventions say. */
export const SPANS = {
  laneWait: 'lane wait',
  laneBatch: 'lane batch',
  batch: 'batch',
  expiry: 'expiry',
} as const;

export const ATTRIBUTES = {
  lane: 'holdfast.lane',
  command: 'holdfast.command',
  outcome: 'holdfast.outcome',
  transactionId: 'holdfast.transaction.id',
  branchId: 'holdfast.branch.id',
  participant: 'holdfast.participant',
  phase: 'holdfast.phase',
  attempt: 'holdfast.attempt',
  batchSize: 'holdfast.batch.size',
  batchRecorded: 'holdfast.batch.recorded',
  callerGone: 'holdfast.caller.gone',
  link: 'holdfast.link',
} as const;

/** What a link leads to, as ATTRIBUTES.link says it. */
export const LINKS = {
  /** To the Try of the transaction. */
  origin: 'origin',
  /** To what asked for the phase that a participant is asked about: a Confirm, a Cancel, an expiry. */
  cause: 'cause',
} as const;

/** I12: a batch links no more than this many of the commands that it carried. */
export const LINKS_A_BATCH = 128;
