// Owns the way from the environment to one frozen, typed object. Nothing else in the project reads the environment for a
// setting. The table itself is settings.ts.
import { letInFault } from './addresses.ts';
import { type IntegerSetting, SETTINGS, type Setting } from './settings.ts';
import { harmlessJson, shown } from './shown.ts';

type ValueOf<S> = S extends IntegerSetting
  ? number
  : S extends { readonly kind: 'choice'; readonly choices: readonly (infer Choice)[] }
    ? Choice
    : S extends { readonly fallback: null }
      ? string | null
      : string;

/** Every setting with its value, frozen. */
export type Config = { readonly [Key in keyof typeof SETTINGS]: ValueOf<(typeof SETTINGS)[Key]> };

/** The environment cannot be used as it is; `faults` says why, one sentence for each setting at fault. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The settings cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/**
 * Reads every setting from an environment; an empty value counts as not set. Looks at nothing but its argument.
 * @param env usually process.env; names without the prefix HOLDFAST_ that are not settings are left alone
 * @throws ConfigError that lists every unknown HOLDFAST_* name and every bad value at once
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const faults = unknownNames(env);
  const values: Record<string, string | number | null> = {};
  for (const [key, setting] of Object.entries<Setting>(SETTINGS)) {
    const text = env[setting.name];
    if (text === undefined || text === '') {
      values[key] = setting.fallback;
      continue;
    }
    const fault = faultOf(setting, text);
    if (fault !== null) faults.push(fault);
    values[key] = setting.kind === 'integer' ? Number(text) : text;
  }
  // The loop above gave every key of SETTINGS a value of its kind, or a fault, which is thrown below before anyone looks.
  const config = values as unknown as Config;
  if (faults.length === 0 && config.headersTimeoutMs > config.requestTimeoutMs) {
    faults.push(
      `${SETTINGS.headersTimeoutMs.name} must not be longer than ${SETTINGS.requestTimeoutMs.name} (${config.requestTimeoutMs}).`,
    );
  }
  const listFault = config.participantAllow === null ? null : letInFault(config.participantAllow);
  if (faults.length === 0) faults.push(...issuerFaults(config), ...tlsFaults(config));
  if (listFault !== null)
    faults.push(`${SETTINGS.participantAllow.name} must be ${SETTINGS.participantAllow.form}: ${listFault}.`);
  if (faults.length === 0 && config.migrateDatabaseUrl !== null && config.databaseUrl === null)
    faults.push(
      `${SETTINGS.migrateDatabaseUrl.name} needs ${SETTINGS.databaseUrl.name}: the embedded PostgreSQL migrates itself.`,
    );
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(config);
}

/** Tokens whose issuer, audience or keys nobody named could be anybody's. */
function issuerFaults(config: Config): string[] {
  const keys = ['jwtIssuer', 'jwtAudience', 'jwtJwks'] as const;
  const missing = keys.filter((key) => config[key] === null);
  // Fetching it would fail, with the password in the log.
  if (/^https?:\/\/[^/?#]*@/i.test(config.jwtJwks ?? '')) return [`${SETTINGS.jwtJwks.name} must hold no user and no password.`];
  if (missing.length === 0 || missing.length === keys.length) return [];
  return missing.map((key) => `${SETTINGS[key].name} must be set too, where tokens are taken.`);
}

/** Half of TLS would be none at all. */
function tlsFaults({ tlsCertFile, tlsKeyFile, tlsClientCaFile }: Config): string[] {
  const [cert, key, clientCa] = [SETTINGS.tlsCertFile.name, SETTINGS.tlsKeyFile.name, SETTINGS.tlsClientCaFile.name];
  if (tlsCertFile !== null && tlsKeyFile === null) return [`${cert} needs ${key}.`];
  if (tlsKeyFile !== null && tlsCertFile === null) return [`${key} needs ${cert}.`];
  return tlsClientCaFile !== null && tlsCertFile === null ? [`${clientCa} needs ${cert} and ${key}.`] : [];
}

function faultOf(setting: Setting, text: string): string | null {
  const shown = setting.kind === 'text' && setting.secret ? '' : `, not ${harmlessJson(JSON.stringify(text))}`;
  switch (setting.kind) {
    case 'text':
      return setting.pattern.test(text) ? null : `${setting.name} must be ${setting.form}${shown}.`;
    case 'choice':
      return setting.choices.includes(text) ? null : `${setting.name} must be one of ${setting.choices.join(', ')}${shown}.`;
    case 'integer': {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      const fits = value >= setting.min && value <= setting.max;
      return fits ? null : `${setting.name} must be a whole number from ${setting.min} to ${setting.max}${shown}.`;
    }
  }
}

/** A misspelt setting that is silently ignored is worse than a start that fails. */
function unknownNames(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = Object.values<Setting>(SETTINGS).map((setting) => setting.name);
  return Object.keys(env)
    .filter((name) => name.startsWith('HOLDFAST_') && !known.includes(name))
    .sort()
    .map((name) => `${shown(name)} is not a setting; did you mean ${nearest(name, known)}?`);
}

function nearest(name: string, known: readonly string[]): string {
  // A setting that never had the prefix, written with it, is the likeliest slip of all.
  const bare = name.slice('HOLDFAST_'.length);
  if (known.includes(bare)) return bare;
  return known.reduce((best, candidate) => (editDistance(name, candidate) < editDistance(name, best) ? candidate : best));
}

/** Levenshtein: how many letters must be added, dropped or changed. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= to.length; column += 1) {
      const change = (row[column - 1] ?? 0) + (from[line - 1] === to[column - 1] ? 0 : 1);
      next.push(Math.min(change, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
