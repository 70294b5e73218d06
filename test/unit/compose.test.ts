// Holds docker-compose.yml, the Dockerfile and .env.example to the code, and to the rules of a careful deployment: what they name
// exists, nothing runs as root or writes where it need not, no password has a default, and two services are published, on the loopback.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse } from 'yaml';
import { fileNameOf, SECRET_NAMES } from '../../src/secret-files.ts';
import { SETTINGS } from '../../src/settings.ts';
import { GRAFANA } from '../support/watching.ts';

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly user?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly networks: readonly string[];
  readonly profiles?: readonly string[];
  readonly depends_on?: object;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly stop_grace_period?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly volumes: Readonly<Record<string, null>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const text = read('docker-compose.yml');
const { services, networks, volumes, secrets } = parse(text, { merge: true }) as Compose;
const all = Object.entries(services);
const service = (name: string): Service => {
  const found = services[name];
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
};

describe('docker-compose.yml', () => {
  it('runs what it promises, and watches under a profile alone', () => {
    expect(Object.keys(services).toSorted()).to.deep.equal([
      ...['coordinator', 'grafana', 'otel-collector', 'postgres', 'prometheus', 'redis', 'tempo'],
    ]);
    const profiled = all.filter(([, { profiles }]) => profiles !== undefined);
    expect(profiled.map(([name]) => name).toSorted()).to.deep.equal(['grafana', 'otel-collector', 'prometheus', 'tempo']);
    for (const [name, { profiles }] of profiled) expect(profiles, name).to.deep.equal(['observability']);
  });

  it('is written for version 1 and for version 2', () => {
    const { 'x-guarded': _anchor, ...sections } = parse(text) as Readonly<Record<string, unknown>>;
    // `version` is refused by neither but warned of by 2; `name` is refused by 1.
    expect(Object.keys(sections)).to.deep.equal(['services', 'secrets', 'networks', 'volumes']);
    const values = all.flatMap(([, { environment = {} }]) => Object.values<unknown>(environment));
    expect(values.filter((value) => typeof value !== 'string')).to.deep.equal([]);
    expect(text).not.to.match(/start_interval|required:|!reset|extends:|include:|develop:/);
  });

  it('publishes the coordinator and Grafana, on the loopback alone', () => {
    const published = all.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
    expect(published).to.have.members([
      `coordinator 127.0.0.1:\${COORDINATOR_PORT:-${SETTINGS.port.fallback}}:${service('coordinator').environment?.PORT}`,
      'grafana 127.0.0.1:$' + '{GRAFANA_PORT:-3000}:3000',
    ]);
    for (const [name, { networks: joined }] of all) {
      const isOpen = joined.some((network) => networks[network]?.internal !== true);
      expect(isOpen, name).to.equal(['coordinator', 'grafana'].includes(name));
    }
  });

  it('runs nothing as root, with rights, or on a file system it may write to', () => {
    for (const [name, one] of all) {
      expect(one.read_only, name).to.equal(true);
      expect(one.cap_drop, name).to.deep.equal(['ALL']);
      expect(one.security_opt, name).to.deep.equal(['no-new-privileges:true']);
      expect(one.restart, name).to.equal('unless-stopped');
      expect(one.user, name).to.match(/^(?!root|0\b)\w/);
    }
    // The images' own users, by name where the image has one.
    expect(all.map(([name, { user }]) => `${name} ${user}`)).to.have.members([
      ...['coordinator node', 'postgres postgres', 'redis redis', 'prometheus nobody'],
      ...['grafana 472:0', 'tempo 10001:10001', 'otel-collector 10001:10001'],
    ]);
  });

  it('checks the health of all but the images that hold nothing to check it with', () => {
    const without = all.filter(([, { healthcheck }]) => healthcheck === undefined).map(([name]) => name);
    expect(without).to.have.members(['tempo', 'otel-collector']);
    expect(service('coordinator').healthcheck?.test.join(' ')).to.include('/readyz');
    expect(service('coordinator').depends_on).to.deep.equal({
      postgres: { condition: 'service_healthy' },
      redis: { condition: 'service_healthy' },
    });
  });

  it('has no password of its own, and hands each by file to those who need it', () => {
    const named = all.flatMap(([name, { environment = {} }]) =>
      Object.entries(environment)
        .filter(([variable]) => /PASSWORD|_URL|SECRET|KEY/.test(variable))
        .map(([variable, value]) => ({ name, variable, value })),
    );
    expect(named).to.have.length.greaterThan(4);
    for (const { name, variable, value } of named) {
      expect(variable).to.match(/_FILE$/);
      expect(
        value.startsWith('/run/secrets/') && service(name).secrets?.includes(value.slice('/run/secrets/'.length)),
        value,
      ).to.equal(true);
    }
    const keys = [SETTINGS.adminKeyFile.name, SETTINGS.metricsKeyFile.name];
    const known = new Set<string>([...SECRET_NAMES.map(fileNameOf), ...keys]);
    for (const { name, variable } of named) if (name === 'coordinator') expect(known).to.include(variable);
    const given = new Set(all.flatMap(([, { secrets: mounted = [] }]) => mounted));
    expect([...given].toSorted()).to.deep.equal(Object.keys(secrets).toSorted());
    for (const [name, { file }] of Object.entries(secrets)) expect(file).to.equal(`./secrets/${name}`);
    // The owner of the schema and the administrator of the server are nobody else's.
    const holders = (secret: string): string[] =>
      all.filter(([, { secrets: mounted = [] }]) => mounted.includes(secret)).map(([name]) => name);
    expect(['postgres-password', 'owner-password', 'migrate-database-url'].map(holders)).to.deep.equal([
      ['postgres'],
      ['postgres'],
      ['coordinator'],
    ]);
  });

  it('takes from .env what .env.example names, and nothing more; git and the image leave .env and secrets alone', () => {
    const used = new Set([...text.matchAll(/(?<!\$)\$\{(\w+)/g)].map((match) => match[1]));
    const offered = [...read('.env.example').matchAll(/^#?([A-Z][A-Z_]*)=/gm)].map((match) => match[1]);
    expect(offered.filter((name) => name !== 'COMPOSE_PROFILES' && !used.has(name))).to.deep.equal([]);
    const withDefaults = new Set(['LOG_LEVEL', 'OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG']);
    expect([...used].filter((name) => !offered.includes(name) && !withDefaults.has(name ?? ''))).to.deep.equal([]);
    expect(read('.env.example')).not.to.match(/PASSWORD|SECRET/);
    expect(read('.gitignore').split('\n')).to.include.members(['.env', 'secrets/']);
    expect(read('.dockerignore').split('\n')).to.include('*').and.not.include('!.env');
  });

  it('mounts only what is in this repository and volumes that it declares', () => {
    const mounted = new Set<string>();
    for (const [name, { volumes: mounts = [] }] of all) {
      for (const mount of mounts) {
        const [source = '', , mode] = mount.split(':');
        if (!source.startsWith('.')) mounted.add(source);
        else expect([existsSync(join(ROOT, source)), mode], `${name} ${mount}`).to.deep.equal([true, 'ro']);
      }
    }
    expect([...mounted].toSorted()).to.deep.equal(Object.keys(volumes).toSorted());
    expect(text).to.include('/etc/grafana/provisioning').and.include('--config.file=/etc/prometheus/prometheus.yml');
    const provider = parse(readFileSync(`${GRAFANA}provisioning/dashboards/dashboards.yaml`, 'utf8')) as {
      readonly providers: readonly { readonly options: { readonly path: string } }[];
    };
    for (const { options } of provider.providers) {
      expect(service('grafana').volumes).to.include(`./grafana/dashboards:${options.path}:ro`);
    }
  });

  it('sends each to where the other listens', () => {
    const config = (path: string) => readFileSync(join(GRAFANA, path), 'utf8');
    const made = read('scripts/compose-secrets.sh');
    expect(made).to.include('@postgres:5432/holdfast').and.include('@redis:6379');
    expect(config('prometheus/prometheus.yml')).to.include('names: [coordinator]').and.include('port: 8080');
    expect(config('provisioning/datasources/datasources.yaml'))
      .to.include('http://prometheus:9090')
      .and.include('http://tempo:3200');
    expect(config('tempo/tempo.yaml')).to.include('http_listen_port: 3200').and.include('0.0.0.0:4317');
    expect(config('otel-collector/config.yaml')).to.include('endpoint: tempo:4317').and.include('0.0.0.0:4318');
    expect(read('.env.example')).to.include('http://otel-collector:4318/v1/traces');
    const pairs = [
      ...[
        ['coordinator', 'postgres'],
        ['coordinator', 'redis'],
        ['prometheus', 'coordinator'],
        ['grafana', 'prometheus'],
      ],
      ...[
        ['grafana', 'tempo'],
        ['otel-collector', 'tempo'],
        ['coordinator', 'otel-collector'],
      ],
    ];
    for (const [from = '', to = ''] of pairs) {
      expect(
        service(from).networks.some((network) => service(to).networks.includes(network)),
        `${from} ${to}`,
      ).to.equal(true);
    }
  });

  it('gives the coordinator only settings that it knows', () => {
    const known = new Set<string>(Object.values(SETTINGS).map(({ name }) => name));
    const given = Object.keys(service('coordinator').environment ?? {}).filter((name) => !name.startsWith('OTEL_'));
    expect(given.filter((name) => !known.has(name) && !SECRET_NAMES.map(fileNameOf).includes(name))).to.deep.equal([]);
  });
});
