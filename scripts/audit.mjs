// Owns the look for known holes in what runs in production: `npm audit`, where the registry offers one. It fails on high and critical.
import { spawnSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** A registry that does not answer must not hold up the tests. */
const LIMIT_MS = 30_000;
const GRAVE = ['high', 'critical'];

/**
 * @param {string} printed what `npm audit --json` printed; anything else than a report means that there was none
 * @returns {{ ok: boolean, line: string }}
 */
export function verdictOn(printed) {
  const report = parsed(printed);
  const found = report?.vulnerabilities;
  if (report?.metadata?.vulnerabilities === undefined || found === undefined) {
    return { ok: true, line: `npm audit: skipped, there is no report (${reasonIn(report)})` };
  }
  const grave = Object.values(found).filter(({ severity }) => GRAVE.includes(severity));
  const named = grave.map(({ name, severity }) => `${name} (${severity})`).sort();
  if (named.length > 0) return { ok: false, line: `npm audit: known holes in ${named.join(', ')}; see npm audit --omit=dev` };
  return { ok: true, line: 'npm audit: no known hole that is high or critical in what runs in production' };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function reasonIn(report) {
  const { statusCode, message, error } = report ?? {};
  if ([404, 405, 501].includes(statusCode)) return `the registry offers no audit: ${statusCode}`;
  return message || error?.summary || 'npm did not answer in time';
}

function audit() {
  // No second try: it would take minutes where nobody answers.
  const args = ['audit', '--omit=dev', '--json', '--fetch-retries=0', ...process.argv.slice(2)];
  const { stdout } = spawnSync('npm', args, {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return verdictOn(stdout ?? '');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { ok, line } = audit();
  process.stdout.write(`${line}\n`);
  process.exitCode = ok ? 0 : 1;
}
