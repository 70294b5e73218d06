// Owns `npm test`: mocha, on the files that are named, or on the whole suite in two processes side by side, since a test waits as often
// as it works. It ends with the result even where a process cannot end by itself: Node may deadlock in its own shutdown when a function
// is being compiled in the background as the process ends (https://github.com/nodejs/node/issues/54918, open); every test has been
// counted by then, and the run would hang for ever.
import { fork, spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Longer than the reporter gives a run that has leaked something, which ends by itself and fails. */
const END_WITHIN_MS = 30_000;
/** How long files take, in seconds, where it is more than a few: so that both processes have as much to do. */
const WEIGHTS = JSON.parse(readFileSync(new URL('./weights.json', import.meta.url), 'utf8'));
const USUAL_WEIGHT = 4;
const USUAL_UNIT_WEIGHT = 0.3;
/** Compiles what a coordinator is made of. */
const WARM_UP = `await import(${JSON.stringify(new URL('../src/runtime/serve.ts', import.meta.url).href)}); process.exit(0)`;

/** What takes the whole machine, and says how late something may be: these come afterwards, by themselves. */
const ALONE = ['test/chaos/run.test.ts'];

const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const given = process.argv.slice(2);
const isWhole = !given.some((each) => each.endsWith('.ts'));
const children = [];

// What one process has compiled, the next of the same code need not: tests start hundreds of coordinators. Those that are killed keep
// nothing of what they compiled, and most are; so it is done once before.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url));
if (isWhole) spawnSync(process.execPath, ['--input-type=module', '-e', WARM_UP], { stdio: 'inherit' });
// The one who asked for an end asked this process alone, or the whole group; mocha cleans up in both cases.
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
  });

if (isWhole) await runWhole();
else process.exitCode = (await run(given, 'inherit')).code;

async function runWhole() {
  const files = globSync('test/**/*.test.ts').map((path) => path.replaceAll('\\', '/'));
  const [first, second] = halves(files.filter((file) => !ALONE.includes(file)));
  const shown = run([...given, ...first], 'inherit');
  // What it says comes when the first is through, so that no lines are mixed.
  const kept = [];
  const hidden = run([...given, ...second], 'pipe', (chunk) => kept.push(chunk));
  const results = [await shown, await hidden];
  process.stdout.write(Buffer.concat(kept));
  results.push(await run([...given, ...ALONE], 'inherit'));
  process.exitCode = results.some(({ code }) => code !== 0) ? 1 : 0;
  const sum = (name) => results.reduce((total, { counts }) => total + (counts?.[name] ?? 0), 0);
  const lost = results.filter(({ counts }) => counts === null).length;
  if (lost > 0) console.log(`${lost} of the processes ended before its tests did.`);
  const skipped = sum('pending') > 0 ? `, ${sum('pending')} skipped` : '';
  console.log(`${sum('passes')} passed, ${sum('failures') + lost} failed${skipped}`);
}

/** The heaviest first, each to whoever has less to do. */
function halves(files) {
  const weightOf = (file) => WEIGHTS[file] ?? (file.startsWith('test/unit/') ? USUAL_UNIT_WEIGHT : USUAL_WEIGHT);
  const sides = [
    { files: [], weight: 0 },
    { files: [], weight: 0 },
  ];
  for (const file of files.sort((one, other) => weightOf(other) - weightOf(one) || (one < other ? -1 : 1))) {
    const side = sides[0].weight <= sides[1].weight ? sides[0] : sides[1];
    side.files.push(file);
    side.weight += weightOf(file);
  }
  // In the order in which a person looks for them.
  return sides.map((side) => side.files.sort());
}

/** @returns the exit code, and the counts that the reporter told; null where it told none */
function run(args, output, onOutput) {
  const child = fork(mocha, args, { execArgv: [], stdio: ['inherit', output, output, 'ipc'] });
  children.push(child);
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', onOutput);
  return new Promise((resolve) => {
    let counts = null;
    let isStuck = false;
    child.on('message', (message) => {
      counts = message;
      setTimeout(() => {
        isStuck = true;
        child.kill('SIGKILL');
      }, END_WITHIN_MS).unref();
    });
    child.once('close', (code) => resolve({ code: isStuck ? Number(counts.failures > 0) : (code ?? 1), counts }));
  });
}
