// Owns the fuzz run of every whole test: 20,000 requests over every operation of the document and the console, by one seed. Others:
// npm run fuzz -- --requests 20000 --seed SEED
import { expect } from 'chai';
import { FRAMINGS } from '../../fuzz/framing.ts';
import { Requests } from '../../fuzz/requests.ts';
import type { Document } from '../../fuzz/values.ts';
import { fuzzed } from '../../fuzz/whole.ts';
import { openApiText } from '../../src/http/openapi/document.ts';
import { NEEDS } from '../support/needs.ts';

const REQUESTS = 20_000;
/** The same each time, so that what fails was broken by what changed; other seeds are for `npm run fuzz`. */
const SEED = 20_261_126;

describe('hostile input', function () {
  this.timeout(300_000);

  it('is the same for the same seed, another for another, and asks for every operation, in every framing', () => {
    const document = JSON.parse(openApiText()) as Document;
    const [one, same, other] = [7, 7, 8].map((seed) => new Requests(seed, document));
    const asked = new Set<string>();
    const framed = new Set<string>();
    let differing = 0;
    for (let number = 0; number < 5_000; number += 1) {
      const made = one?.at(number, false);
      expect(made).to.deep.equal(same?.at(number, false));
      if (JSON.stringify(made) !== JSON.stringify(other?.at(number, false))) differing += 1;
      asked.add(made?.request.operation ?? '');
      framed.add(made?.request.framing ?? '');
    }
    expect(differing).to.be.above(4_900);
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect([...asked]).to.include.members(described);
    // The console is not described there; that every route of it is asked for, too, is held to what each route needs.
    const routes = Object.keys(NEEDS).map((route) => route.replace(/:(\w+)/g, '{$1}'));
    expect([...asked].sort()).to.deep.equal(routes.sort());
    expect([...framed].sort()).to.deep.equal([...FRAMINGS].sort());
  });

  it('makes no key while nobody needs one, which would end that', () => {
    const requests = new Requests(9, JSON.parse(openApiText()) as Document);
    for (let number = 0; number < 5_000; number += 1) {
      const { method, target } = requests.at(number, true).request;
      expect(method === 'POST' && target.includes('/keys'), target).to.equal(false);
    }
  });

  it('breaks nothing: no fault, nothing of the inside in an answer, and every invariant holds afterwards', async () => {
    const { result, left } = await fuzzed({ seed: SEED, requests: REQUESTS });
    expect(result.faults, `the seed is ${SEED}`).to.deep.equal([]);
    expect(left, `the seed is ${SEED}`).to.deep.equal([]);
    expect(result.done).to.equal(REQUESTS);
    // It is worth something only where much of it gets through, and something of every operation.
    const never = Object.entries(result.operations).filter(([, { done }]) => done === 0);
    expect(never, `the seed is ${SEED}`).to.deep.equal([]);
    expect(result.statuses['200'] ?? 0).to.be.above(REQUESTS / 5);
    expect(result.statuses['201'] ?? 0).to.be.above(REQUESTS / 40);
  });
});
