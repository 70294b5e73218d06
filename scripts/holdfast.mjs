#!/usr/bin/env node
// Owns the way from the command `holdfast` to the program: on this Node where it is new enough, else on the one that the package
// brings along. Plain JavaScript without dependencies, for any Node from 18 on.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NODE_MAJOR_NEEDED = 24;
const EXIT_FAILED = 1;
const PASSED_SIGNALS =
  process.platform === 'win32' ? ['SIGINT', 'SIGBREAK'] : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];

/** The sources where they stand (a clone), else what was packed: Node strips no types below node_modules. */
function findProgram() {
  const places = [join(ROOT, 'src', 'cli', 'main.ts'), join(ROOT, 'dist', 'src', 'cli', 'main.js')];
  return places.find((place) => existsSync(place)) ?? fail('the installation is incomplete: neither src/ nor dist/ is there.');
}

/** npm may have put the package `node` beside this one or above it. */
function findPinnedNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  try {
    const place = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', name);
    if (existsSync(place)) return place;
  } catch {
    // Not installed: told below.
  }
  return fail(
    `Node ${process.version} is too old, and the Node that the package brings (the npm package "node") is not installed. ` +
      `Install Node ${NODE_MAJOR_NEEDED} or newer, or let npm run install scripts and install holdfast again.`,
  );
}

/** Runs the program as a child: it gets the terminal and the signals, and its end becomes ours. */
function runOn(node, program) {
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  const pass = (signal) => child.kill(signal);
  for (const signal of PASSED_SIGNALS) process.on(signal, pass);
  child.once('error', (error) => fail(`${node} cannot be run: ${error.message}`));
  child.once('exit', (code, signal) => {
    for (const each of PASSED_SIGNALS) process.off(each, pass);
    if (signal === null) process.exit(code ?? EXIT_FAILED);
    // Whoever waits for us sees the same end: a shell tells a signal from an exit code.
    process.kill(process.pid, signal);
  });
}

function fail(message) {
  console.error(`holdfast: ${message}`);
  process.exit(EXIT_FAILED);
}

const program = findProgram();
if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_NEEDED) await import(pathToFileURL(program).href);
else runOn(findPinnedNode(), program);
