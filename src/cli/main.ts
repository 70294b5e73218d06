// The way in for operators: the command `holdfast`. Turns how a command ended into output and an exit code.
import { CommanderError } from 'commander';
import { EXIT, type ExitCode, Failure, reasonOf } from './failure.ts';
import { createProgram } from './program.ts';
import { paintFor, visible } from './text.ts';

const { argv, env, stdout, stderr } = process;

/** A reader that has seen enough (`| head`) is no failure of ours. */
function onOutputError(error: NodeJS.ErrnoException): void {
  process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed);
}

/** Ends the process once everything is written, whatever is still open: a pipe that nobody closes, say. */
function end(exitCode: ExitCode, stream: NodeJS.WriteStream, text: string): void {
  stream.write(text, () => process.exit(exitCode));
}

function endWithError(error: unknown): void {
  if (error instanceof CommanderError) {
    // What there is to say was said already. Asking for help or the version is no mistake; needing it is.
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  } else if (error instanceof Failure) end(error.exitCode, stderr, `holdfast: ${visible(error.message)}\n`);
  else end(EXIT.failed, stderr, `holdfast: a fault that nobody foresaw: ${visible(reasonOf(error))}.\n`);
}

stdout.on('error', onOutputError);
stderr.on('error', onOutputError);
const program = createProgram({
  env,
  stdout,
  stderr,
  paint: paintFor(stdout, env),
  finish: (outcome) => end(outcome.exitCode, stdout, outcome.text),
});
await program.parseAsync(argv).catch(endWithError);
