// Owns what users import as `holdfast/participant`: a service's side of a TCC transaction, as an Express router.
export type { Call, Phase } from './call.ts';
export { type CleanOptions, cleanBarrier } from './clean.ts';
export { ensureBarrier } from './ensure.ts';
export type { OnFault, ParticipantFault } from './faults.ts';
export type { Handler, HandlerContext, ParticipantOptions } from './options.ts';
export { NotYet, notYet, Refusal, refuse } from './outcome.ts';
export { type Participant, participant } from './router.ts';
