// Owns who is written down in the audit where a command acts on the ledger itself.
import { hostname, userInfo } from 'node:os';
import type { Asker } from '../coordinator/act.ts';

export function operator(): Asker {
  const name = userName();
  return { actor: { kind: 'operator', id: name, name: 'command line' }, address: hostname() };
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
