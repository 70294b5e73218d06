// Owns `npm test`: it runs mocha in a process of its own, and ends with its result even where that process cannot end by itself.
// Node may deadlock in its own shutdown when a function is being compiled in the background as the process ends
// (https://github.com/nodejs/node/issues/54918, open): every test has been counted by then, and the run would hang for ever.
import { fork, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Longer than the reporter gives a run that has leaked something, which ends by itself and fails. */
const END_WITHIN_MS = 30_000;

/** The files to run, where none is named: not in .mocharc.yaml, where mocha would add them to those that are. */
const WHOLE_SUITE = 'test/**/*.test.ts';

/** Compiles what a coordinator is made of. */
const WARM_UP = `await import(${JSON.stringify(new URL('../src/runtime/serve.ts', import.meta.url).href)}); process.exit(0)`;

const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const given = process.argv.slice(2);
// What one process has compiled, the next of the same code need not: tests start hundreds of coordinators.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url));
// Those that are killed keep nothing of what they compiled, and most are.
if (!given.some((each) => each.endsWith('.ts')))
  spawnSync(process.execPath, ['--input-type=module', '-e', WARM_UP], { stdio: 'inherit' });
const child = fork(mocha, given.some((each) => each.endsWith('.ts')) ? given : [...given, WHOLE_SUITE], { execArgv: [] });
let failures = null;
let isStuck = false;

child.on('message', (message) => {
  failures = message.failures;
  setTimeout(() => {
    isStuck = true;
    child.kill('SIGKILL');
  }, END_WITHIN_MS).unref();
});
child.on('exit', (code) => {
  process.exitCode = isStuck ? Number(failures > 0) : (code ?? 1);
});
// The one who asked for an end asked this process alone, or the whole group; mocha cleans up in both cases.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
