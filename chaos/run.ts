// Owns the command `npm run chaos`: one run, its report in the terminal and in files, and its exit code.
import { join } from 'node:path';
import { EXIT, runCommand, say } from './command.ts';
import { conduct } from './conductor.ts';
import { ignoredServers } from './local.ts';
import { readOptions, USAGE, WrongOption } from './options.ts';
import { terminalReport } from './report/terminal.ts';

async function main(stop: AbortSignal): Promise<number> {
  if (process.argv.includes('--help')) {
    console.log(USAGE);
    return EXIT.held;
  }
  const options = readOptions(process.argv.slice(2));
  ignoredServers(process.env).forEach(say);
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  const folder = options.out ?? join('chaos-runs', `${stamp}-seed-${options.seed}`);
  say(`seed ${options.seed}, ${options.durationMs / 1_000} s, ${options.instances} instances → ${folder}`);
  const { report } = await conduct(options, folder, say, stop);
  console.log(terminalReport(report, folder));
  return report.verdict === 'held' ? EXIT.held : EXIT.broken;
}

await runCommand(main, (error) => {
  if (error instanceof WrongOption) console.error(`${error.message}\n\n${USAGE}`);
  else console.error('the run could not be made:', error);
});
