// Holds docs/tracing.md to src/telemetry/spans.ts.
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { ATTRIBUTES, LINKS, LINKS_A_BATCH, SPANS } from '../../src/telemetry/spans.ts';

describe('docs/tracing.md', () => {
  const text = readFileSync(new URL('../../docs/tracing.md', import.meta.url), 'utf8');

  it('explains every name of our own', () => {
    const names = [...Object.values(SPANS), ...Object.values(ATTRIBUTES), ...Object.values(LINKS)];
    expect(names.filter((name) => !text.includes(`\`${name}\``))).to.deep.equal([]);
    expect(text).to.include(`up to ${LINKS_A_BATCH} `);
  });

  it('names no attribute that there is not', () => {
    const known: readonly string[] = Object.values(ATTRIBUTES);
    const named = [...text.matchAll(/`(holdfast\.[a-z.]+)`/g)].map(([, name]) => name ?? '');
    expect(named.filter((name) => !known.includes(name))).to.deep.equal([]);
  });
});
