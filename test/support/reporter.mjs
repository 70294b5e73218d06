// Owns how the test run reports: as mocha's spec, with one line of counts as the very last, for a person and for a script alike.
import { setFlagsFromString } from 'node:v8';
import Mocha from 'mocha';

const { EVENT_RUN_END } = Mocha.Runner.constants;

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(EVENT_RUN_END, () => {
      const { passes, failures, pending } = runner.stats;
      const counts = `${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}`;
      // Spec prints its summary in an earlier listener of the same event, and nothing may be printed after this line.
      console.log(counts);
      reportLeak(counts);
      // test/run.mjs ends a process that cannot end by itself.
      process.send?.({ passes, failures, pending });
      settleCompiler();
    });
  }
}

const COMPILER_REST_MS = 300;

/**
 * No function is compiled in the background from here on, and what is being compiled has a moment to finish: Node can deadlock
 * where its shutdown meets a compilation (https://github.com/nodejs/node/issues/54918).
 */
function settleCompiler() {
  setFlagsFromString('--no-concurrent-recompilation');
  setFlagsFromString('--no-concurrent-sparkplug');
  setTimeout(() => undefined, COMPILER_REST_MS);
}

const LEAK_LIMIT_MS = 10_000;

/** A run that does not end by itself has leaked something. It is named, and the run fails, rather than hang for ever. */
function reportLeak(counts) {
  setTimeout(() => {
    console.log(`The run does not end: ${process.getActiveResourcesInfo().join(', ')} still open. It is ended, and fails.`);
    console.log(counts);
    process.exit(1);
  }, LEAK_LIMIT_MS).unref();
}
