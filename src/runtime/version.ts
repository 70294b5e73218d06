// Owns the version of the package: that of its package.json.
import { readFileSync } from 'node:fs';

/** From src/runtime as it stands, and from dist/src/runtime as it is packed. */
const PLACES = ['../../package.json', '../../../package.json'];

export function packageVersion(): string {
  for (const place of PLACES) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as Record<string, unknown>;
      if (name === 'holdfast' && typeof version === 'string') return version;
    } catch {
      // Not this one, then.
    }
  }
  return 'unknown';
}
