// Owns running a real Prometheus for tests: with the rules and the configuration of grafana/prometheus, once a second instead of every
// 15, and against addresses instead of names.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { freePort } from '../../src/embedded/redis.ts';
import { until } from './call.ts';
import { atTheEnd } from './end.ts';
import { makeFolderForTheRun } from './folder.ts';
import { GRAFANA, RULES } from './watching.ts';

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  /**
   * @returns what the expression is right now
   * @throws Error with Prometheus's own words where it refuses
   */
  query(expression: string): Promise<readonly Sample[]>;
  stop(): Promise<void>;
}

interface Config {
  readonly global: object;
  readonly scrape_configs: readonly object[];
}

/**
 * @param program the path of `prometheus`
 * @param targets URLs of what it scrapes
 */
export async function startPrometheus(program: string, targets: readonly string[]): Promise<Prometheus> {
  const [folder, port] = [await makeFolderForTheRun(), await freePort()];
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, stringify(configFor(targets)));
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    program,
    [
      ...[`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`],
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    words += chunk;
  });
  const stop = (): Promise<void> => end(child);
  atTheEnd(stop);
  const isReady = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`prometheus ended: ${words}`);
    return (await fetch(`${url}/-/ready`).catch(() => null))?.status === 200;
  };
  await until('Prometheus is ready', isReady);
  return { query: (expression) => ask(url, expression), stop };
}

function configFor(targets: readonly string[]): object {
  const { global, scrape_configs } = parse(readFileSync(join(GRAFANA, 'prometheus/prometheus.yml'), 'utf8')) as Config;
  const addresses = targets.map((target) => new URL(target).host);
  return {
    global: { ...global, scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [join(RULES, '*.yml')],
    scrape_configs: scrape_configs.map((job) => {
      const { dns_sd_configs: _names, authorization: _key, ...rest } = job as { dns_sd_configs: unknown; authorization: unknown };
      return { ...rest, static_configs: [{ targets: addresses }] };
    }),
  };
}

async function ask(url: string, expression: string): Promise<readonly Sample[]> {
  const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query: expression }) });
  const answer = (await response.json()) as {
    readonly status: string;
    readonly error?: string;
    readonly data?: {
      readonly resultType: string;
      readonly result: readonly { metric: Record<string, string>; value: [number, string] }[];
    };
  };
  if (answer.status !== 'success' || answer.data === undefined) throw new Error(`${expression}: ${answer.error}`);
  return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended.finally(() => clearTimeout(late));
}
