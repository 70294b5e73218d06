// Owns the last step of a process: Node can deadlock in its own shutdown where that meets a function being compiled in the
// background (https://github.com/nodejs/node/issues/54918, open), and the contract promises an end within 10 s of the signal.
import { setFlagsFromString } from 'node:v8';

/** A compilation takes milliseconds. */
const COMPILER_REST_MS = 100;

/**
 * Ends the process once nothing is compiled in the background any more.
 * @param code the exit code
 */
export function endProcess(code: number): void {
  setFlagsFromString('--no-concurrent-recompilation');
  setFlagsFromString('--no-concurrent-sparkplug');
  setTimeout(() => process.exit(code), COMPILER_REST_MS);
}
