// Owns the question who the embedded servers run as. PostgreSQL refuses to run as root, and neither server needs it; so where
// the coordinator is root, both run as the system user postgres, which is made if it is missing.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Account {
  /** Null where the servers run as whoever the coordinator runs as. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  /**
   * How to start a program as this account.
   * @returns what to give to spawn: the command, its arguments, and uid and gid where spawn itself must change them
   */
  command(program: string, args: readonly string[]): LaunchCommand;
}

export interface LaunchCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly identity: { readonly uid: number; readonly gid: number } | Record<string, never>;
}

const USER = 'postgres';

/**
 * Finds, or makes, the account for the servers.
 * @param reach what it must be able to read or enter: the programs and the data folder, absolute paths
 * @throws Error that says what to do where there is no way for the account to get at them
 */
export function serverAccount(reach: readonly string[]): Account {
  if (process.getuid?.() !== 0) return { owner: null, command: (program, args) => ({ program, args, identity: {} }) };
  const owner = findUser() ?? makeUser();
  const plain: Account = { owner, command: (program, args) => ({ program, args, identity: owner }) };
  if (canReach(plain, reach)) return plain;
  const withCapability = readingAccount(owner);
  if (withCapability !== null && canReach(withCapability, reach)) return withCapability;
  throw new Error(
    `The embedded servers run as the user ${USER}, who cannot get at ${reach.join(' or ')}, and setpriv, which could help, is missing or not allowed here. ` +
      `Let that user enter the folders above, or move them (HOLDFAST_DATA_DIR), or run as another user than root.`,
  );
}

/**
 * Below a folder that only root may enter (/root is 0700 nearly everywhere) the account gets one capability: to read and to
 * enter whatever the modes say. It writes nowhere but where it owns. Containers often withhold that capability but grant
 * DAC_OVERRIDE, which allows writing as well; it is the second choice.
 */
function readingAccount(owner: { readonly uid: number; readonly gid: number }): Account | null {
  const capability = grantedCapability();
  if (capability === null) return null;
  const prefix = [
    ...[`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'],
    ...[`--inh-caps=-all,+${capability}`, `--ambient-caps=+${capability}`],
    // Without it the kernel answers access(2), which initdb asks before it runs postgres, as if the capability were not there.
    ...['--securebits=+no_setuid_fixup', '--'],
  ];
  return { owner, command: (program, args) => ({ program: 'setpriv', args: [...prefix, program, ...args], identity: {} }) };
}

function grantedCapability(): 'dac_read_search' | 'dac_override' | null {
  try {
    const line = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    const bits = BigInt(`0x${line?.[1] ?? '0'}`);
    if ((bits & 0b100n) !== 0n) return 'dac_read_search';
    return (bits & 0b10n) !== 0n ? 'dac_override' : null;
  } catch {
    return null;
  }
}

function canReach(account: Account, paths: readonly string[]): boolean {
  const script = 'for path in "$@"; do [ -x "$path" ] || exit 1; done';
  const { program, args, identity } = account.command('/bin/sh', ['-c', script, 'reach', ...paths]);
  return spawnSync(program, args, { cwd: '/', stdio: 'ignore', ...identity }).status === 0;
}

function findUser(): { uid: number; gid: number } | null {
  const ask = (flag: string): number => Number.parseInt(spawnSync('id', [flag, USER], { encoding: 'utf8' }).stdout ?? '', 10);
  const [uid, gid] = [ask('-u'), ask('-g')];
  return Number.isNaN(uid) || Number.isNaN(gid) ? null : { uid, gid };
}

function makeUser(): { uid: number; gid: number } {
  spawnSync('groupadd', ['--system', USER]);
  const made = spawnSync('useradd', ['--system', '--gid', USER, '--no-create-home', '--shell', '/usr/sbin/nologin', USER], {
    encoding: 'utf8',
  });
  const user = findUser();
  if (user !== null) return user;
  throw new Error(
    `PostgreSQL does not run as root, and the system user ${USER} could not be made (useradd: ${made.error?.message ?? made.stderr.trim()}). Make it, or run as another user.`,
  );
}
