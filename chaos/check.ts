// Owns the command `npm run chaos:check -- DIR`: judges again what a run has written down.
import { judge } from './conductor.ts';
import { terminalReport } from './report/terminal.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('npm run chaos:check -- DIR, where DIR is the folder of a run');
  process.exit(2);
}
try {
  const { report } = await judge(folder);
  console.log(terminalReport(report, folder));
  process.exitCode = report.verdict === 'held' ? 0 : 1;
} catch (error) {
  console.error('the run cannot be checked:', error);
  process.exitCode = 2;
}
