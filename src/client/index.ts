// Owns what users import as `holdfast/client`. It runs in Node and in browsers, and needs nothing but fetch.
export type * from './answers.ts';
export type { Body, Fetch } from './attempt.ts';
export { HoldfastClient } from './client.ts';
export {
  type Failure,
  HoldfastAlreadyDecided,
  type HoldfastCode,
  HoldfastError,
  HoldfastOutcomeUnknown,
  HoldfastUnavailable,
  type ProblemCircumstances,
  type ProblemDocument,
  type RequestFault,
  type Shortage,
} from './errors.ts';
export type { ParticipantCalls } from './participants.ts';
export type * from './requests.ts';
export type { RetryPolicy } from './retry.ts';
export type { StockCalls } from './stock.ts';
export type { AnswerTo, OperationResult } from './transactions.ts';
export type { ClientOptions } from './transport.ts';
export { uuid7 } from './uuid7.ts';
export type { Completed } from './whole-transaction.ts';
