// Owns the command line as it is typed: commands, options and their help. What a command does stands in its own file, loaded when
// it is called, so that --help need not wait for a database driver.
import { Command, InvalidArgumentError, Option } from 'commander';
import { packageVersion } from '../runtime/version.ts';
import { SETTINGS } from '../settings.ts';
import { addAudit, addKeys } from './access-program.ts';
import { CoordinatorClient, coordinatorKey, coordinatorUrl } from './coordinator-client.ts';
import { examplesOf, exitCodesText, settingsText } from './help.ts';
import type { ImportOptions } from './import.ts';
import type { ProgramOptions } from './program-options.ts';
import type { ServeOptions } from './serve.ts';
import type { StockOptions } from './stock.ts';
import { visible } from './text.ts';

const DEFAULT_LINES = 20;

/** @returns a program whose parseAsync throws CommanderError or Failure instead of ending the process */
export function createProgram(options: ProgramOptions): Command {
  const program = new Command('holdfast')
    .description('A coordinator that reserves, confirms, cancels and expires baskets of stock.')
    .version(packageVersion(), '-V, --version', 'say which version this is')
    .exitOverride()
    .showHelpAfterError('Run holdfast --help for all commands and options.')
    .configureOutput({
      writeOut: (text) => options.stdout.write(text),
      writeErr: (text) => options.stderr.write(text),
      outputError: (text, write) => write(`holdfast: ${visible(text.replace(/^error: /, '').trimEnd())}\n`),
    })
    .addHelpText('after', examplesOf('holdfast') + exitCodesText());
  addServe(program, options);
  addMigrate(program, options);
  addImport(program, options);
  addStock(program, options);
  addInspect(program, options);
  addKeys(program, options);
  addAudit(program, options);
  return program;
}

function addServe(program: Command, { env }: ProgramOptions): void {
  program
    .command('serve')
    .description('run a coordinator until SIGTERM or SIGINT')
    .option('--host <host>', SETTINGS.host.meaning)
    .option('--port <port>', SETTINGS.port.meaning)
    .option('--data-dir <folder>', SETTINGS.dataDir.meaning)
    .option('--workers <count>', SETTINGS.workers.meaning)
    .addHelpText('after', examplesOf('serve') + settingsText())
    .action(async (given: ServeOptions) => {
      const { serveWith } = await import('./serve.ts');
      await serveWith(given, env);
    });
}

function addMigrate(program: Command, { env, finish }: ProgramOptions): void {
  program
    .command('migrate')
    .description('bring the schema of a database to this version; of several at once, one does it and the others wait')
    .option(
      '--database-url <url>',
      'the database (default: HOLDFAST_MIGRATE_DATABASE_URL, else DATABASE_URL); command lines are no place for passwords',
    )
    .addHelpText('after', examplesOf('migrate'))
    .action(async (given: { databaseUrl?: string }) => {
      const { migrateDatabase } = await import('./migrate.ts');
      finish(await migrateDatabase(given.databaseUrl, env));
    });
}

function addImport(program: Command, { env, stderr, paint, finish }: ProgramOptions): void {
  clientCommand(program, 'import')
    .description('set the stock of many SKUs from a file; good rows land, bad ones are named')
    .argument('<file>', 'CSV or NDJSON; - reads stdin')
    .addOption(new Option('--format <format>', 'csv or ndjson (default: by the extension)').choices(['csv', 'ndjson']))
    .addHelpText('after', examplesOf('import'))
    .action(async (file: string, given: ImportOptions & { url?: string }) => {
      const client = new CoordinatorClient(coordinatorUrl(given.url, env), coordinatorKey(env));
      const { importFile } = await import('./import.ts');
      finish(await importFile(client, file, given, stderr, paint));
    });
}

function addStock(program: Command, { env, paint, finish }: ProgramOptions): void {
  clientCommand(program, 'stock')
    .description('show the counters of a SKU per warehouse')
    .argument('<sku>', 'the SKU')
    .option('--warehouse <warehouse>', 'this one alone')
    .option('--history', 'also show the newest lines of its story')
    .option('--limit <lines>', `how many lines of the story, 1 to 500 (default: ${DEFAULT_LINES})`, lineCount)
    .addHelpText('after', examplesOf('stock'))
    .action(async (sku: string, given: Partial<StockOptions> & { url?: string }) => {
      const client = new CoordinatorClient(coordinatorUrl(given.url, env), coordinatorKey(env));
      const { showStock } = await import('./stock.ts');
      finish(await showStock(client, sku, { ...given, limit: given.limit ?? DEFAULT_LINES }, paint));
    });
}

function addInspect(program: Command, { env, paint, finish }: ProgramOptions): void {
  clientCommand(program, 'inspect')
    .description('show a transaction and its history')
    .argument('<id>', 'the id of the transaction, a UUID')
    .addHelpText('after', examplesOf('inspect'))
    .action(async (id: string, given: { json?: boolean; url?: string }) => {
      const client = new CoordinatorClient(coordinatorUrl(given.url, env), coordinatorKey(env));
      const { inspect } = await import('./inspect.ts');
      finish(await inspect(client, id, given.json === true, paint));
    });
}

function clientCommand(program: Command, name: string): Command {
  const { name: variable, fallback } = SETTINGS.coordinatorUrl;
  return program
    .command(name)
    .option('--url <url>', `the coordinator (default: ${variable}, else ${fallback})`)
    .option('--json', 'print JSON, for scripts');
}

function lineCount(text: string): number {
  const count = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > 500) throw new InvalidArgumentError('It must be a whole number from 1 to 500.');
  return count;
}
