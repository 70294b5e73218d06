// Owns the set-up before `npm start` and `npm test`: the packages of the lockfile, the pinned Node, and redis-server.
// Plain JavaScript without dependencies, for any Node from 18 on: it runs before anything is installed. When nothing is missing
// it prints nothing and takes a few milliseconds.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NODE_MAJOR_NEEDED = 24;
const POLICY_FILE = '/usr/sbin/policy-rc.d';

/**
 * Whether node_modules holds what the lockfile says. npm writes down what it installed, last of all, in
 * node_modules/.package-lock.json; contents are compared rather than times, which a clone or a copy makes anew.
 * @param {string} root the folder of package.json
 * @param {'start' | 'test'} mode `start` does without the packages for development
 * @param {number} nodeMajor of the Node that runs this; the pinned one is only missed where this one is too old
 */
function packagesAreCurrent(root, mode, nodeMajor) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === null || installed === null) return false;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const there = installed[path];
    const dispensable = entry.optional || entry.devOptional || (entry.dev && mode === 'start');
    if (there === undefined ? !dispensable : there.version !== entry.version) return false;
  }
  return nodeMajor >= NODE_MAJOR_NEEDED || existsSync(pinnedNode(root));
}

/**
 * What to do about Redis.
 * @param {{ mode: 'start' | 'test', path: string, redisUrl?: string, setup?: string, isRoot: boolean }} facts
 * @returns {'nothing' | 'install' | 'go-on-without' | 'give-up'}
 */
function decideAboutRedis({ mode, path, redisUrl, setup, isRoot }) {
  // The tests start servers of their own, whatever REDIS_URL says.
  if (mode === 'start' && redisUrl) return 'nothing';
  if (isOnPath('redis-server', path) || isOnPath('valkey-server', path)) return 'nothing';
  if (setup !== 'off' && isRoot && isOnPath('apt-get', path)) return 'install';
  return mode === 'start' ? 'go-on-without' : 'give-up';
}

/** @returns {string} the command that a person should run here */
function redisCommandFor(path) {
  if (isOnPath('apt-get', path)) return 'sudo apt-get install redis-server';
  if (isOnPath('brew', path)) return 'brew install redis';
  if (isOnPath('dnf', path)) return 'sudo dnf install valkey';
  if (isOnPath('pacman', path)) return 'sudo pacman -S valkey';
  if (isOnPath('apk', path)) return 'apk add valkey';
  return 'install redis-server or valkey-server with the package manager of this machine';
}

function ensurePackages(mode) {
  if (packagesAreCurrent(ROOT, mode, runningMajor())) return;
  say('installing the packages of package-lock.json (npm ci)');
  // Its warnings (the system's Node is older than what the packages ask for; the pinned one is not) would only alarm.
  const args = ['ci', '--loglevel=error', ...(mode === 'test' ? ['--include=dev'] : [])];
  // npm says where it is; without that (a call by hand) the one on PATH does.
  const npm = process.env.npm_execpath;
  const viaNode = npm !== undefined && /\.[cm]?js$/.test(npm);
  const result = viaNode ? run(process.execPath, [npm, ...args]) : run('npm', args);
  if (result.status !== 0) fail('npm ci failed; its message stands above.');
  const pinned = spawnSync(pinnedNode(ROOT), ['--version'], { encoding: 'utf8' });
  if (pinned.status !== 0 && runningMajor() < NODE_MAJOR_NEEDED) {
    fail(
      `The pinned Node (the npm package "node") does not run here, and this Node, ${process.version}, is too old. ` +
        `Where npm is told to ignore install scripts, allow them (npm config get ignore-scripts); otherwise install Node ${NODE_MAJOR_NEEDED} or newer.`,
    );
  }
}

function ensureRedis(mode) {
  const path = process.env.PATH ?? '';
  const facts = {
    mode,
    path,
    redisUrl: process.env.REDIS_URL || process.env.REDIS_URL_FILE,
    setup: process.env.HOLDFAST_SETUP,
    isRoot: process.getuid?.() === 0,
  };
  let decision = decideAboutRedis(facts);
  if (decision === 'install') {
    say('redis-server is missing: installing it with apt-get (HOLDFAST_SETUP=off forbids this)');
    if (installRedis()) return say('redis-server is installed; its system service was not started');
    decision = mode === 'start' ? 'go-on-without' : 'give-up';
  }
  if (decision === 'go-on-without') {
    say(
      `no redis-server or valkey-server on PATH; going on without: a release may come up to 5 s late. To have it: ${redisCommandFor(path)}`,
    );
  }
  if (decision === 'give-up') fail(`The tests need redis-server or valkey-server on PATH. To have it: ${redisCommandFor(path)}`);
}

/** @returns {boolean} whether redis-server can be run now */
function installRedis() {
  // Debian starts a service as soon as its package is in, unless this file says no; we want the program, not the service.
  const policyIsOurs = !existsSync(POLICY_FILE);
  if (policyIsOurs) writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const install = () =>
      run('apt-get', ['install', '--yes', '--no-install-recommends', 'redis-server'], { DEBIAN_FRONTEND: 'noninteractive' });
    // The lists of packages may be missing (a container image) or so old that what they name is gone.
    if (install().status !== 0) {
      run('apt-get', ['update'], { DEBIAN_FRONTEND: 'noninteractive' });
      if (install().status !== 0) return false;
    }
  } finally {
    if (policyIsOurs) rmSync(POLICY_FILE, { force: true });
  }
  // Nor should it come up at the next boot. Nothing to do where systemd does not run.
  if (existsSync('/run/systemd/system')) run('systemctl', ['disable', '--now', 'redis-server']);
  return isOnPath('redis-server', process.env.PATH ?? '');
}

function run(program, args, env = {}) {
  return spawnSync(program, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
}

function isOnPath(program, path) {
  return path
    .split(delimiter)
    .filter(Boolean)
    .some((folder) => {
      try {
        accessSync(join(folder, program), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? null;
  } catch {
    return null;
  }
}

function pinnedNode(root) {
  return join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

function runningMajor() {
  return Number.parseInt(process.versions.node, 10);
}

function say(message) {
  console.log(`holdfast set-up: ${message}`);
}

function fail(message) {
  console.error(`holdfast set-up: ${message}`);
  process.exit(1);
}

function main() {
  const mode = process.argv[2];
  if (mode !== 'start' && mode !== 'test') fail('Call it as: node scripts/setup.mjs start|test');
  ensurePackages(mode);
  ensureRedis(mode);
}

main();
