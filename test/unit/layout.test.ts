// Owns the check that imports go one way, that each library has one place that knows it, and that nothing goes in circles.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** From the ground up: a file imports from its own layer or from an earlier one. Folders end in a slash. */
const LAYERS: readonly (readonly string[])[] = [
  ['workflows/'],
  [
    ...['src/errors.ts', 'src/shown.ts', 'src/addresses.ts', 'src/setting-forms.ts', 'src/settings.ts', 'src/config.ts'],
    'src/secret-files.ts',
  ],
  // For services of others: it shares no code with the coordinator.
  ['src/participant/'],
  ['src/client/'],
  ['src/coordinator/'],
  ['src/access/'],
  ['src/telemetry/'],
  ['src/ledger/'],
  ['src/participants/'],
  ['src/timers/'],
  ['src/keeping/'],
  ['src/http/'],
  ['src/console/'],
  ['src/embedded/'],
  ['src/runtime/'],
  ['src/cli/'],
  ['src/main.ts'],
];

/** What touches the outside world. They know the ports of src/coordinator, not one another. */
const INFRASTRUCTURE = ['src/ledger/', 'src/participants/', 'src/timers/', 'src/keeping/', 'src/http/', 'src/embedded/'];

/** The only places that put several parts of the infrastructure together: src/runtime/ is what src/main.ts is made of. */
const BUILDERS = [/^src\/main\.ts$/, /^src\/runtime\//, /^src\/cli\/serve(\/|\.|-)/];

/** Each library with the places that may import it: one in the coordinator, and what is for services of others. */
const LIBRARY_HOMES: Readonly<Record<string, readonly string[]>> = {
  pg: ['src/ledger/', 'src/participant/'],
  bullmq: ['src/timers/'],
  ioredis: ['src/timers/'],
  undici: ['src/participants/'],
  'rate-limiter-flexible': ['src/access/', 'src/timers/'],
  jose: ['src/access/'],
  xstate: ['workflows/'],
  '@opentelemetry/api': ['src/telemetry/'],
  '@opentelemetry/exporter-trace-otlp-grpc': ['src/telemetry/'],
  '@opentelemetry/exporter-trace-otlp-http': ['src/telemetry/'],
  '@opentelemetry/exporter-trace-otlp-proto': ['src/telemetry/'],
  '@opentelemetry/resources': ['src/telemetry/'],
  '@opentelemetry/sdk-node': ['src/telemetry/'],
  '@opentelemetry/sdk-trace': ['src/telemetry/'],
  express: ['src/http/', 'src/participant/'],
  helmet: ['src/http/'],
  cors: ['src/http/'],
};

const IMPORT = /\b(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*\(?\s*['"]([^'"]+)['"]/g;

interface SourceFile {
  readonly path: string;
  /** Paths from the root, with forward slashes. */
  readonly files: readonly string[];
  /** Names of packages, without what follows the name. */
  readonly packages: readonly string[];
}

/** @returns what a source text imports, exports from, or loads by import(), as it is written there */
function specifiersIn(text: string): string[] {
  const withoutComments = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
  return [...withoutComments.matchAll(IMPORT)].map((match) => match[1] ?? '');
}

function readSource(path: string): SourceFile {
  const specifiers = specifiersIn(readFileSync(join(ROOT, path), 'utf8'));
  const [files, packages] = [
    specifiers.filter((name) => name.startsWith('.')),
    specifiers.filter((name) => /^[@a-z]/.test(name)),
  ];
  return {
    path,
    files: files.map((name) =>
      relative(ROOT, join(ROOT, dirname(path), name))
        .split(sep)
        .join('/'),
    ),
    packages: packages
      .filter((name) => !name.startsWith('node:'))
      .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/')),
  };
}

function sourcesBelow(folder: string): SourceFile[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name).split(sep).join('/'))
    .filter((path) => path.endsWith('.ts'))
    .map(readSource);
}

const within = (path: string, place: string): boolean => (place.endsWith('/') ? path.startsWith(place) : path === place);
const layerOf = (path: string): number => LAYERS.findIndex((places) => places.some((place) => within(path, place)));

/** @returns the files of a circle of imports, the first repeated at the end; null where there is none */
function findCircle(sources: readonly SourceFile[]): readonly string[] | null {
  const importsOf = new Map(sources.map((source) => [source.path, source.files]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const next of importsOf.get(path) ?? []) {
      const circle = visit(next, [...trail, path]);
      if (circle !== null) return circle;
    }
    done.add(path);
    return null;
  };
  for (const source of sources) {
    const circle = visit(source.path, []);
    if (circle !== null) return circle;
  }
  return null;
}

describe('the layout', () => {
  const sources = [...sourcesBelow('workflows'), ...sourcesBelow('src')];

  it('gives every file a layer', () => {
    expect(sources.filter((source) => layerOf(source.path) < 0).map((source) => source.path)).to.deep.equal([]);
  });

  it('lets imports go down the layers only', () => {
    const upward = sources.flatMap(({ path, files }) =>
      files.filter((target) => layerOf(target) > layerOf(path)).map((target) => `${path} imports ${target}`),
    );
    expect(upward).to.deep.equal([]);
  });

  it('keeps the parts of the infrastructure apart, except where they are put together', () => {
    const mixing = sources
      .filter(({ path }) => !BUILDERS.some((builder) => builder.test(path)))
      .map(({ path, files }) => {
        const parts = INFRASTRUCTURE.filter((part) => [path, ...files].some((file) => within(file, part)));
        return { path, parts };
      })
      .filter(({ parts }) => parts.length > 1)
      .map(({ path, parts }) => `${path} knows ${parts.join(' and ')}`);
    expect(mixing).to.deep.equal([]);
  });

  it('keeps the participant library apart from the coordinator', () => {
    const inside = (path: string): boolean => within(path, 'src/participant/');
    const crossing = sources.flatMap(({ path, files }) =>
      files.filter((target) => inside(target) !== inside(path)).map((target) => `${path} imports ${target}`),
    );
    expect(crossing).to.deep.equal([]);
  });

  it('has one place for each library', () => {
    const strays = sources.flatMap(({ path, packages }) =>
      packages
        .filter((name) => !(LIBRARY_HOMES[name] ?? [path]).some((home) => within(path, home)))
        .map((name) => `${path} imports ${name}, which is for ${LIBRARY_HOMES[name]?.join(' and ')}`),
    );
    expect(strays).to.deep.equal([]);
  });

  it('has no circles', () => {
    expect(findCircle(sources)).to.equal(null);
  });

  it('sees every form of import, and none in a comment', () => {
    const text = [
      `import a from 'one';`,
      `import type { B,\n  C } from "two";`,
      `export * from './three.ts';`,
      `import 'four';`,
      `const five = await import('five');`,
      `// import x from 'comment';`,
      `/* import y from 'comment'; */`,
    ].join('\n');
    expect(specifiersIn(text)).to.deep.equal(['one', 'two', './three.ts', 'four', 'five']);
    const circle = [
      { path: 'a', files: ['b'], packages: [] },
      { path: 'b', files: ['c', 'a'], packages: [] },
    ];
    expect(findCircle(circle)).to.deep.equal(['a', 'b', 'a']);
  });
});
