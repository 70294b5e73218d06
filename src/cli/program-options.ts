// Owns what the command line is given to work with.
import type { Outcome } from './failure.ts';
import type { Paint } from './text.ts';

export interface ProgramOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly paint: Paint;
  /** Called with what a command leaves; not by serve, which ends the process itself. */
  finish(outcome: Outcome): void;
}
