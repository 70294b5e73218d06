// Owns what a failure of PostgreSQL means: retryable or not is decided here and nowhere else.
// Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
import { LedgerFault } from '../coordinator/ledger.ts';

const CONFLICTS = new Set([
  '23505', // unique_violation: another instance inserted the same id
  '23514', // check_violation: another instance took the stock between the look and the update (I2 held)
  '40001', // serialization_failure
  '40P01', // deadlock_detected: cannot happen by the lock order, and is survived all the same
  '55P03', // lock_not_available
  'HF001', // our own compare-and-set, in save_changes
]);

/** 08: connection, 53: resources, 57: operator intervention and shutdown, 25P03: idle in transaction too long. */
const UNAVAILABLE = /^(08|53|57|25P03|25006)/;

/** @returns the fault as the lane must treat it */
export function faultOf(error: unknown): LedgerFault {
  if (error instanceof LedgerFault) return error;
  const code = codeOf(error);
  if (code === null) return new LedgerFault(isOurs(error) ? 'unexpected' : 'unavailable', error);
  if (CONFLICTS.has(code)) return new LedgerFault('conflict', error);
  if (UNAVAILABLE.test(code) || /^E(RR_)?[A-Z0-9_]+$/.test(code)) return new LedgerFault('unavailable', error);
  return new LedgerFault('unexpected', error);
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** pg reports a broken or late connection as a plain Error; our own faults have classes of their own. */
function isOurs(error: unknown): boolean {
  return !(error instanceof Error) || error.constructor !== Error;
}
