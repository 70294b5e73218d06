// Owns paths written as no careful caller would: what one reader of a path could take for another path than the next reader does.
import type { Chance } from '../../chaos/random.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
/** What may stand for a parameter: names of other routes, what ends a segment for some reader, and what leads out of it. */
const SEGMENTS = [
  ...[ID, ID.toUpperCase(), 'x', 'SKU-1', 'retry', 'resolve', 'cancel', 'keys', 'movements', 'import', 'history', 'session'],
  ...['.', '..', '%2e', '%2e%2e', '.%2e', '...', '..;', '..%2f', '%2f', '%2F..%2F', '%5c', '%252f', '%00', '%0d%0a', '%20'],
  ...['a%2Fretry', `${ID}%2fretry`, ';x', `${ID};x=/`, '%3F', '%23', '%zz', '%', '%c0%af', '%E2%80%AE', '~', '*', ':id', '(.*)'],
  ...[
    'constructor',
    '__proto__',
    'v1',
    'livez',
    'readyz',
    'console',
    '@',
    'a@b',
    '!',
    "'",
    '"',
    '|',
    '[',
    ']',
    '{x}',
    '$',
    '&',
    '=',
  ],
];
const BEFORE = [
  '/',
  '//',
  '/.',
  '/./',
  '/../',
  '/v1/..',
  '/livez/..',
  '/livez/',
  '/console/session/..',
  '//localhost',
  '/%2e%2e',
  '/;',
];
const BEHIND = [
  '/',
  '//',
  '/.',
  '/..',
  '/../',
  '/../..',
  '%2f',
  '%2F',
  '%20',
  '%00',
  '%3f',
  ';',
  ';/',
  ';a=b',
  '.',
  '.json',
  '*',
  '/x',
  '?',
  '?/',
  '?/livez',
  '??',
];

/** A path of a route, and then a little of everything that could be read in two ways. */
export function oddPath(template: string, chance: Chance): string {
  let path = template.replace(/:[a-z]+/g, () => chance.pick(SEGMENTS));
  for (let changes = chance.pick([0, 1, 1, 1, 1, 2, 3]); changes > 0; changes -= 1) path = changed(path, chance);
  // What begins otherwise is refused before it is a request at all (test/contract/http-framing.test.ts).
  return path.startsWith('/') ? path : `/${path}`;
}

function changed(path: string, chance: Chance): string {
  const place = chance.between(1, path.length);
  switch (chance.between(0, 8)) {
    case 0:
      return `${chance.pick(BEFORE)}${path}`;
    case 1:
      return `${path}${chance.pick(BEHIND)}`;
    case 2:
      return path.replaceAll('/', (slash) =>
        chance.happens(0.3) ? chance.pick(['//', '%2f', '%2F', '/./', ';/', '/%2e/']) : slash,
      );
    case 3: {
      const segments = path.split('/');
      const one = chance.between(1, segments.length) - 1;
      return segments.map((segment, index) => (index === one ? segment.toUpperCase() : segment)).join('/');
    }
    case 4:
      return path.slice(0, place) + chance.pick(SEGMENTS) + path.slice(place);
    case 5: {
      // A letter as it need not be written.
      const code = path
        .charCodeAt(place - 1)
        .toString(16)
        .padStart(2, '0');
      return `${path.slice(0, place - 1)}%${chance.happens(0.5) ? code : code.toUpperCase()}${path.slice(place)}`;
    }
    case 6:
      return path.slice(0, place);
    case 7:
      return `${path}/../${chance.pick(SEGMENTS)}`;
    default:
      return path.slice(0, place - 1) + path.slice(place);
  }
}
