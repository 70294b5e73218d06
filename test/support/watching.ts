// Owns reading what grafana/ holds: dashboards with the queries of their panels, and Prometheus rules.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const GRAFANA = fileURLToPath(new URL('../../grafana/', import.meta.url));
export const RULES = join(GRAFANA, 'prometheus/rules');

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  readonly options?: { readonly content?: string };
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
}

export interface Dashboard {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function dashboards(): readonly Dashboard[] {
  const folder = join(GRAFANA, 'dashboards');
  return readdirSync(folder)
    .sort()
    .map((file) => ({ file, ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Omit<Dashboard, 'file'>) }));
}

export function rules(): readonly Rule[] {
  return readdirSync(RULES).flatMap((file) => {
    const { groups } = parse(readFileSync(join(RULES, file), 'utf8')) as { groups: readonly { rules: readonly Rule[] }[] };
    return groups.flatMap((group) => group.rules);
  });
}

/** What stands for Grafana's variables when the coordinator is scraped every second. */
const VARIABLES: Readonly<Record<string, string>> = {
  $__rate_interval: '10s',
  $__range: '5m',
  $participant: '.+',
  $instance: '.+',
};

/** @throws Error where a variable is not known */
export function withVariables(expression: string): string {
  return expression.replace(/\$\w+/g, (name) => {
    const value = VARIABLES[name];
    if (value === undefined) throw new Error(`${name} in ${expression} stands for nothing`);
    return value;
  });
}

export interface PanelQuery {
  /** The dashboard and the panel. */
  readonly where: string;
  readonly expression: string;
}

/** Every query of every panel, with Grafana's variables replaced. */
export function panelQueries(): readonly PanelQuery[] {
  return dashboards().flatMap(({ file, panels }) =>
    panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ where: `${file.replace('.json', '')}: ${title}`, expression: withVariables(expr) })),
    ),
  );
}
