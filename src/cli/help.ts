// Owns what the help says beyond the options: examples, exit codes, settings.
import { SETTINGS, type Setting } from '../settings.ts';
import { EXIT_MEANINGS } from './failure.ts';

const EXAMPLES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  holdfast: [
    ['holdfast serve', 'a coordinator with its own PostgreSQL and Redis'],
    ['holdfast import stock.csv', 'what is in stock, into it'],
    ['holdfast stock SKU-1', 'the counters of a SKU'],
    ['holdfast inspect 0193b0a4-7c1e-7d00-8000-000000000001', 'a transaction and its history'],
  ],
  serve: [
    ['holdfast serve --port 9000 --data-dir /var/lib/holdfast', 'everything in one folder'],
    ['DATABASE_URL=postgres://holdfast@db/holdfast holdfast serve --workers 4', 'on a server of yours'],
  ],
  migrate: [
    ['DATABASE_URL=postgres://holdfast@db/holdfast holdfast migrate', 'before new coordinators start'],
    ['holdfast migrate --database-url postgres://holdfast@db/holdfast', 'the same; mind that other users of the machine see it'],
  ],
  import: [
    ['holdfast import stock.csv', 'header sku,warehouse,available or sku,warehouse,onHand'],
    ['holdfast import stock.ndjson --json', 'one {"sku":"SKU-1","onHand":95} a line'],
    ['zcat stock.csv.gz | holdfast import - --format csv', 'from another program'],
  ],
  stock: [
    ['holdfast stock SKU-1', 'the counters per warehouse'],
    ['holdfast stock SKU-1 --history --limit 5', 'and the five newest lines of its story'],
    ['holdfast stock SKU-1 --json | jq .available', 'for a script'],
  ],
  keys: [
    ['holdfast keys create --name "order service" --scopes transactions:read,transactions:write', 'for a service'],
    ['holdfast keys generate > admin.key', 'the first one, for HOLDFAST_ADMIN_KEY_FILE'],
    ['holdfast keys rotate 0193b0a4-7c1e-7d00-8000-000000000001 --overlap-ms 3600000', 'an hour for both'],
  ],
  audit: [
    ['holdfast audit verify', 'whether it is whole, and its head, to be noted elsewhere'],
    ['holdfast audit verify --since 42:5feceb66…', 'also whether its end was cut off since'],
  ],
  inspect: [
    ['holdfast inspect 0193b0a4-7c1e-7d00-8000-000000000001', 'for a person'],
    ['holdfast inspect 0193b0a4-7c1e-7d00-8000-000000000001 --json | jq -r .state', 'for a script'],
  ],
};

/** The examples of a command, to stand below its options. */
export function examplesOf(command: string): string {
  const examples = EXAMPLES[command] ?? [];
  return `\nExamples:\n${examples.map(([line, meaning]) => `  $ ${line}\n      ${meaning}`).join('\n')}\n`;
}

/** What scripts can rely on. */
export function exitCodesText(): string {
  return `\nExit codes:\n${EXIT_MEANINGS.map(([code, meaning]) => `  ${code}  ${meaning}`).join('\n')}\n`;
}

/** Every setting with its default and meaning. */
export function settingsText(): string {
  const lines = Object.values<Setting>(SETTINGS).map((setting) => {
    const fallback = setting.fallback === null ? '' : ` (default ${setting.fallback})`;
    return `  ${setting.name}${fallback}\n      ${setting.meaning}`;
  });
  return `\nSettings, by environment variables (options come first):\n${lines.join('\n')}\n`;
}
