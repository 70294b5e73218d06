// Owns the fuzz run of every whole test: 20,000 requests over every operation of the document, by a new seed each time, which a failure
// names: npm run fuzz -- --requests 20000 --seed SEED
import { expect } from 'chai';
import { Requests } from '../../fuzz/requests.ts';
import type { Document } from '../../fuzz/values.ts';
import { fuzzed } from '../../fuzz/whole.ts';
import { openApiText } from '../../src/http/openapi/document.ts';

const REQUESTS = 20_000;

describe('hostile input', function () {
  this.timeout(300_000);

  it('is the same for the same seed, and reaches every operation', () => {
    const document = JSON.parse(openApiText()) as Document;
    const [one, other] = [new Requests(7, document), new Requests(7, document)];
    for (let number = 0; number < 500; number += 1) expect(one.at(number, false)).to.deep.equal(other.at(number, false));
    const seen = new Set<string>();
    for (let number = 0; number < 8_000; number += 1) {
      const { method, target } = one.at(number, false).request;
      const steps = (target.split('?', 1)[0] ?? '').split('/');
      for (const [path, methods] of Object.entries(document.paths)) {
        const parts = path.split('/');
        const fits = parts.length === steps.length && parts.every((part, index) => part.startsWith('{') || part === steps[index]);
        if (fits && method.toLowerCase() in methods) seen.add(`${method} ${path}`);
      }
    }
    const all = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect([...seen].sort()).to.deep.equal(all.sort());
  });

  it('breaks nothing: no fault, nothing of the inside in an answer, and every invariant holds afterwards', async () => {
    const seed = Math.floor(Math.random() * 1_000_000);
    const { result, left } = await fuzzed({ seed, requests: REQUESTS });
    expect(result.faults, `the seed is ${seed}`).to.deep.equal([]);
    expect(left, `the seed is ${seed}`).to.deep.equal([]);
    expect(result.done).to.equal(REQUESTS);
    // It is worth something only where much of it gets through.
    expect(result.statuses['200'] ?? 0).to.be.above(REQUESTS / 10);
    expect(result.statuses['201'] ?? 0).to.be.above(REQUESTS / 100);
  });
});
