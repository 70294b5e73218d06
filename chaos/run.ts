// Owns the command `npm run chaos`: one run, its report in the terminal and in files, and its exit code.
import { join } from 'node:path';
import { undoEverything } from '../test/support/end.ts';
import { conduct } from './conductor.ts';
import { readOptions, USAGE, WrongOption } from './options.ts';
import { terminalReport } from './report/terminal.ts';

const EXIT = { held: 0, broken: 1, notMade: 2 } as const;

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    console.log(USAGE);
    return EXIT.held;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      console.error('ending what was started');
      stop.abort();
    });
  }
  try {
    const options = readOptions(process.argv.slice(2));
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
    const folder = options.out ?? join('chaos-runs', `${stamp}-seed-${options.seed}`);
    console.error(`seed ${options.seed}, ${options.durationMs / 1_000} s, ${options.instances} instances → ${folder}`);
    const { report } = await conduct(options, folder, (words) => console.error(words), stop.signal);
    console.log(terminalReport(report, folder));
    return report.verdict === 'held' ? EXIT.held : EXIT.broken;
  } catch (error) {
    if (error instanceof WrongOption) console.error(`${error.message}\n\n${USAGE}`);
    else console.error('the run could not be made:', error);
    return EXIT.notMade;
  } finally {
    await undoEverything();
  }
}

process.exit(await main());
