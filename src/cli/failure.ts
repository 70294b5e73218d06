// Owns the exit codes that scripts may rely on, and the one error that ends a command with one of them and a sentence.

export const EXIT = { done: 0, failed: 1, usage: 2, notFound: 3, someRejected: 4, unreachable: 5 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each exit code means, for `holdfast --help`. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.done, 'done'],
  [EXIT.failed, 'failed; the reason stands on stderr'],
  [EXIT.usage, 'wrong usage: an unknown command or option, or a value that cannot be'],
  [EXIT.notFound, 'not found: an unknown SKU or transaction'],
  [EXIT.someRejected, 'import: some rows were rejected, all others landed'],
  [EXIT.unreachable, 'the coordinator cannot be reached or is not ready'],
];

/** Ends a command: the message is one sentence for a person, the code is for scripts. */
export class Failure extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.name = 'Failure';
    this.exitCode = exitCode;
  }
}

/** What a command leaves: text for stdout and an exit code. */
export interface Outcome {
  readonly text: string;
  readonly exitCode: ExitCode;
}

/** Why the system or a library failed, in a few words without a full stop. Never with what was asked for: URLs hold passwords. */
export function reasonOf(error: unknown): string {
  // Where a name has several addresses, node reports one error for each, and no message of its own.
  const cause = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  const code = codeOf(cause);
  const known = code === null ? undefined : REASONS[code];
  if (known !== undefined) return known;
  const message = cause instanceof Error ? cause.message : String(cause);
  return (message.trim().replace(/\.$/, '') || code) ?? 'for an unknown reason';
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was closed before the answer was whole',
  EPIPE: 'the connection was closed before everything was sent',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up at the moment',
  ETIMEDOUT: 'it does not answer (timed out)',
  EHOSTUNREACH: 'there is no route to that host',
  ENETUNREACH: 'there is no route to that network',
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
};

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
