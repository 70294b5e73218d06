// Owns running the command `holdfast` as its users do: the bin, as a process, with a clean environment; on a terminal where asked.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from './clean-environment.ts';

export const BIN = fileURLToPath(new URL('../../scripts/holdfast.mjs', import.meta.url));

/** Makes the running Node say that it is older. */
export const OLD_NODE = [
  '--import',
  `data:text/javascript,${encodeURIComponent("const versions={...process.versions,node:'20.1.0'};Object.defineProperty(process,'versions',{value:versions})")}`,
];

export interface CommandRun {
  /** The exit code, or the signal that ended it. */
  readonly end: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly cwd?: string;
  /** The program to run instead of the bin of this tree. */
  readonly bin?: string;
  readonly nodeOptions?: readonly string[];
}

/** Starts `holdfast` with the arguments. */
export function startHoldfast(args: readonly string[], options: CommandOptions = {}): ChildProcess {
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), options.bin ?? BIN, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...cleanEnvironment(), ...options.env },
    stdio: 'pipe',
  });
  // It may end before it has read everything.
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  return child;
}

/** Runs `holdfast` to its end. */
export function holdfast(args: readonly string[], options: CommandOptions = {}): Promise<CommandRun> {
  return ended(startHoldfast(args, options));
}

/**
 * Runs `holdfast` on a pseudo-terminal, by script(1): what it printed there stands in stdout, whichever way it went.
 * @param typed what is typed after a moment, Ctrl-C as \u0003
 */
export function holdfastOnTerminal(args: readonly string[], options: CommandOptions = {}, typed = ''): Promise<CommandRun> {
  const quoted = [process.execPath, BIN, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', `${quoted} ; exit $?`, '/dev/null'], {
    env: { ...cleanEnvironment(), TERM: 'xterm', SHELL: '/bin/sh', ...options.env },
    stdio: 'pipe',
  });
  child.stdin.on('error', () => {});
  if (typed === '') child.stdin.end();
  else child.stdout.once('data', () => child.stdin.end(typed));
  return ended(child);
}

/** Starts `holdfast serve`, asks it something, ends it with SIGTERM. */
export async function serveOnce(
  args: readonly string[],
  options: CommandOptions,
): Promise<{ readonly ready: number; readonly end: unknown }> {
  const child = startHoldfast(['serve', '--port', '0', ...args], options);
  const ended = once(child, 'exit');
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const found = /holdfast listens on (http:\S+)/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`holdfast serve ended:\n${output}`)));
  });
  const ready = await fetch(`${url}/readyz`);
  await ready.body?.cancel();
  child.kill('SIGTERM');
  const [code, signal] = await ended;
  return { ready: ready.status, end: code ?? signal };
}

function ended(child: ChildProcess): Promise<CommandRun> {
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ end: code ?? signal, ...printed }));
  });
}
