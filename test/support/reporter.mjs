// Owns how the test run reports: as mocha's spec, with one line of counts as the very last, for a person and for a script alike.
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
    });
  }
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
