// Owns the report's files: report.json for programs, junit.xml for collectors of test results, report.html for people.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { htmlReport } from './html.ts';
import { junitReport } from './junit.ts';
import type { Report } from './summary.ts';

/** What stands in the place of a look at life after the faults, where the run ended before it. */
const UNSEEN = { settledMs: null, recoveredAfterMs: null } as const;

export const REPORT_FILES = ['report.json', 'junit.xml', 'report.html'] as const;

/** @param folder of the run; what stands there of an earlier report is replaced */
export async function writeReports(folder: string, report: Report): Promise<void> {
  await Promise.all([
    writeFile(join(folder, 'report.json'), `${JSON.stringify({ ...report, liveness: report.liveness ?? UNSEEN }, null, 2)}\n`),
    writeFile(join(folder, 'junit.xml'), junitReport(report)),
    writeFile(join(folder, 'report.html'), htmlReport(report)),
  ]);
}
