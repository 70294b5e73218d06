// Owns the list of sabotages. Each of them must be caught by a run (chaos/prove.ts): that is what makes a run that finds nothing
// worth something.
import { doubleRelease } from './broken/double-release.ts';
import { earlyAck } from './broken/early-ack.ts';
import { noCas } from './broken/no-cas.ts';
import { noFence } from './broken/no-fence.ts';
import { noIdempotency } from './broken/no-idempotency.ts';
import { phaseTwoFirst } from './broken/phase-two-first.ts';
import { processClock } from './broken/process-clock.ts';
import type { Sabotage } from './sabotage.ts';

export const SABOTAGES = {
  'early-ack': earlyAck,
  'no-cas': noCas,
  'no-fence': noFence,
  'no-idempotency': noIdempotency,
  'process-clock': processClock,
  'phase-two-first': phaseTwoFirst,
  'double-release': doubleRelease,
} as const satisfies Readonly<Record<string, Sabotage>>;

export type SabotageName = keyof typeof SABOTAGES;
