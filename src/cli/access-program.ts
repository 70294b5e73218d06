// Owns `holdfast keys` and `holdfast audit` as they are typed. What they do stands in keys.ts and audit.ts, loaded when they are called.
import type { Command } from 'commander';
import { SCOPES } from '../access/principal.ts';
import { SETTINGS } from '../settings.ts';
import { examplesOf } from './help.ts';
import type { NewKeyOptions } from './keys.ts';
import type { ProgramOptions } from './program-options.ts';

const DEFAULT_OVERLAP_MS = '86400000';

interface Given {
  readonly databaseUrl?: string;
  readonly json?: boolean;
}

export function addKeys(program: Command, { env, finish }: ProgramOptions): void {
  const keys = program
    .command('keys')
    .description('make, list, rotate and revoke API keys, on the ledger itself')
    .addHelpText('after', examplesOf('keys'));
  keys
    .command('generate')
    .description(`print a new key that is in no list yet, for the file of ${SETTINGS.adminKeyFile.name}`)
    .action(async () => finish((await import('./keys.ts')).generateKey()));
  ledgerCommand(keys, 'create')
    .description('make a key and print it; it is not shown again')
    .requiredOption('--name <name>', 'what it is for')
    .requiredOption('--scopes <scopes>', `with commas between them: ${SCOPES.join(', ')}`)
    .option('--expires-at <moment>', 'when it ends by itself (default: never)')
    .action(async (given: NewKeyOptions & Given) => {
      const url = await urlOf(given, env);
      finish(await (await import('./keys.ts')).createKey(url, given));
    });
  ledgerCommand(keys, 'list')
    .description('list all keys, newest first, without their secrets')
    .action(async (given: Given) => {
      const url = await urlOf(given, env);
      finish(await (await import('./keys.ts')).listKeys(url, given.json));
    });
  ledgerCommand(keys, 'rotate')
    .description('make a new key in the place of one, and print it')
    .argument('<id>', 'the key to replace')
    .option('--overlap-ms <ms>', 'how long the old one stays good', DEFAULT_OVERLAP_MS)
    .action(async (id: string, given: Given & { overlapMs: string }) => {
      const url = await urlOf(given, env);
      finish(await (await import('./keys.ts')).rotateKey(url, id, given.overlapMs, given.json));
    });
  ledgerCommand(keys, 'revoke')
    .description('end a key at once')
    .argument('<id>', 'the key')
    .action(async (id: string, given: Given) => {
      const url = await urlOf(given, env);
      finish(await (await import('./keys.ts')).revokeKey(url, id, given.json));
    });
}

export function addAudit(program: Command, { env, finish }: ProgramOptions): void {
  const audit = program
    .command('audit')
    .description('check the record of administrative acts')
    .addHelpText('after', examplesOf('audit'));
  ledgerCommand(audit, 'verify')
    .description('hold the chain of the audit against its entries; ends with 1 where it is not whole')
    .option('--since <head>', 'the head that an earlier check told: finds out whether the chain was cut off since')
    .action(async (given: Given & { since?: string }) => {
      const url = await urlOf(given, env);
      finish(await (await import('./audit.ts')).verify(url, given.since, given.json));
    });
}

function ledgerCommand(parent: Command, name: string): Command {
  return parent
    .command(name)
    .option('--database-url <url>', `the ledger (default: ${SETTINGS.databaseUrl.name}, else the embedded one that runs here)`)
    .option('--json', 'print JSON, for scripts');
}

async function urlOf({ databaseUrl }: Given, env: NodeJS.ProcessEnv): Promise<string> {
  const { ledgerUrl } = await import('./database.ts');
  return ledgerUrl(databaseUrl, env);
}
