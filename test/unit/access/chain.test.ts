// Owns the tests of the chain that audited acts are held together by: every way of changing what was written shows.
import { expect } from 'chai';
import fc from 'fast-check';
import { type Entry, type Link, linkOf, ORIGIN } from '../../../src/access/chain.ts';
import type { AuditReading } from '../../../src/access/store.ts';
import { type Verification, verifyAudit } from '../../../src/access/verify.ts';

const LINKS = 5;

function entry(id: number, change: Partial<Entry> = {}): Entry {
  const actor = { kind: 'key', id: 'key-1', name: 'admin' } as const;
  const what = { act: 'key.create', subject: `subject ${id}`, address: '127.0.0.1', note: null, detail: `{"n":${id}}` };
  return { id: String(id), at: 1_000 + id, actor, ...what, ...change };
}

/** What is stored: changed by a test as somebody would who may write to every table. */
class Stored {
  readonly entries = new Map<string, Entry>();
  links: Link[] = [];
  pending: string[] = [];

  constructor(links = LINKS, entriesOfEach = 2) {
    let before: { readonly number: number; readonly hash: string } = ORIGIN;
    for (let number = 0; number < links; number += 1) {
      const taken = Array.from({ length: entriesOfEach }, (_, index) => entry(number * entriesOfEach + index + 1));
      for (const each of taken) this.entries.set(each.id, each);
      const link = linkOf(before, taken, 2_000 + number);
      this.links.push(link);
      before = link;
    }
  }

  get reading(): AuditReading {
    const chained = new Set(this.links.flatMap(({ entryIds }) => entryIds));
    return {
      links: async (after, limit) =>
        this.links
          .filter(({ number }) => number > after)
          .sort((one, other) => one.number - other.number)
          .slice(0, limit),
      entries: async (ids) => ids.flatMap((id) => this.entries.get(id) ?? []),
      loose: async () => ({
        pending: this.pending.length,
        strays: [...this.entries.keys()].filter((id) => !chained.has(id) && !this.pending.includes(id)),
        lost: this.pending.filter((id) => !this.entries.has(id)),
      }),
    };
  }

  verify(known: Parameters<typeof verifyAudit>[1] = null): Promise<Verification> {
    return verifyAudit(this.reading, known);
  }

  change(id: number, change: Partial<Entry>): void {
    const found = this.entries.get(String(id));
    if (found === undefined) throw new Error(`there is no entry ${id}`);
    this.entries.set(String(id), { ...found, ...change });
  }

  /** Makes every link from one on anew, as somebody would who knows how. */
  remake(from: number): void {
    let before: { readonly number: number; readonly hash: string } = this.links[from - 2] ?? ORIGIN;
    this.links = this.links.map((link) => {
      if (link.number < from) return link;
      const anew = linkOf(
        before,
        link.entryIds.map((id) => this.entries.get(id) ?? entry(0)),
        link.at,
      );
      before = anew;
      return anew;
    });
  }
}

describe('the chain of the audit', () => {
  let stored: Stored;
  beforeEach(() => {
    stored = new Stored();
  });
  const faults = async (known: Parameters<typeof verifyAudit>[1] = null): Promise<string> =>
    (await stored.verify(known)).faults.join('; ');

  it('is whole as it was made, whatever its length', async () => {
    for (const links of [0, 1, 5, 99, 100, 101, 250]) {
      const { faults: found, links: counted, entries, head } = await new Stored(links, 3).verify();
      expect([found, counted, entries, head.number], String(links)).to.deep.equal([[], links, 3 * links, links]);
    }
    expect((await new Stored(0).verify()).head).to.deep.equal(ORIGIN);
  });

  it('waits for what has just been done', async () => {
    stored.entries.set('99', entry(99));
    stored.pending = ['99'];
    const { faults: found, pending } = await stored.verify();
    expect([found, pending]).to.deep.equal([[], 1]);
  });

  it('shows an entry of which anything at all was changed', async () => {
    const changes: readonly Partial<Entry>[] = [
      ...[
        { at: 1 },
        { act: 'key.revoke' },
        { subject: 'another' },
        { subject: 'subject 4 ' },
        { address: '10.0.0.1' },
        { address: '' },
      ],
      ...[{ note: '' }, { note: 'why' }, { detail: '{"n": 4}' }, { detail: '{}' }],
      ...[
        { actor: { kind: 'token', id: 'key-1', name: 'admin' } as const },
        { actor: { kind: 'key', id: 'key-2', name: 'admin' } as const },
      ],
      // The same letters, parted elsewhere.
      { actor: { kind: 'key', id: 'key-1a', name: 'dmin' } as const },
    ];
    for (const change of changes) {
      stored = new Stored();
      stored.change(4, change);
      expect(await faults(), JSON.stringify(change)).to.match(/^link 2, or one of its entries, was changed$/);
    }
  });

  it('shows an entry that was removed, slipped in, exchanged or moved', async () => {
    stored.entries.delete('3');
    expect(await faults()).to.equal('entry 3 of link 2 is missing');

    stored = new Stored();
    stored.entries.set('77', entry(77));
    expect(await faults()).to.equal('entry 77 is in no link and does not wait for one');

    const told = /^link 2, or one of its entries, was changed/;
    for (const entryIds of [['4', '3'], ['3'], ['3', '4', '4'], ['3', '4', '77'], []]) {
      stored = new Stored();
      stored.entries.set('77', entry(77));
      stored.links = stored.links.map((link) => (link.number === 2 ? { ...link, entryIds } : link));
      expect(await faults(), entryIds.join()).to.match(told);
    }

    stored = new Stored();
    const [third, fourth] = [stored.entries.get('3'), stored.entries.get('4')];
    if (third === undefined || fourth === undefined) throw new Error('they are there');
    stored.entries.set('3', { ...fourth, id: '3' });
    stored.entries.set('4', { ...third, id: '4' });
    expect(await faults()).to.match(told);
  });

  it('shows a link that was removed, changed, reordered or slipped in', async () => {
    for (const removed of [1, 2, 4]) {
      stored = new Stored();
      stored.links = stored.links.filter(({ number }) => number !== removed);
      expect(await faults(), String(removed)).to.contain(`link ${removed} is missing`);
    }
    for (const change of [{ at: 1 }, { hash: 'f'.repeat(64) }]) {
      stored = new Stored();
      stored.links = stored.links.map((link) => (link.number === 3 ? { ...link, ...change } : link));
      expect(await faults(), JSON.stringify(change)).to.contain('link 3, or one of its entries, was changed');
    }
    stored = new Stored();
    stored.links = stored.links.map((link) =>
      link.number === 2 ? { ...link, number: 3 } : link.number === 3 ? { ...link, number: 2 } : link,
    );
    expect(await faults())
      .to.contain('link 2 does not follow link 1 as that stands now')
      .and.contain('link 3');

    stored = new Stored();
    const [first] = stored.links;
    if (first === undefined) throw new Error('it is there');
    stored.entries.set('77', entry(77));
    stored.links.splice(1, 0, linkOf(first, [entry(77)], 2_000));
    expect(await faults()).to.contain('link 3 is missing');
  });

  it('shows what was made anew from somewhere on, to whoever noted a head from there on, and an end that was cut off', async () => {
    const { head } = await stored.verify();
    const second = stored.links[1] ?? ORIGIN;
    expect(await faults(head)).to.equal('');
    expect(await faults(second)).to.equal('');
    expect(await faults(ORIGIN)).to.equal('');

    stored.change(3, { subject: 'another' });
    stored.remake(2);
    expect(await faults()).to.equal('');
    expect(await faults(head)).to.equal('link 5 is not the one that was noted');
    expect(await faults(second)).to.equal('link 2 is not the one that was noted');
    expect(await faults(stored.links[0])).to.equal('');

    stored = new Stored();
    stored.links = stored.links.slice(0, 3);
    for (const id of ['7', '8', '9', '10']) stored.entries.delete(id);
    expect(await faults()).to.equal('');
    expect(await faults(head)).to.equal('link 5, which was noted, is not there: the end of the chain was cut off');

    stored = new Stored(0);
    expect(await faults(head)).to.contain('the end of the chain was cut off');
  });

  it('shows any change of any field of anything that is in it', async () => {
    const texts = fc.string({ unit: 'grapheme', maxLength: 8 });
    const change = fc.oneof(
      fc.record({ subject: texts }),
      fc.record({ address: texts }),
      fc.record({ note: fc.option(texts) }),
      fc.record({ detail: fc.json({ maxDepth: 1 }) }),
      fc.record({ at: fc.integer() }),
      fc.record({ actor: fc.record({ kind: fc.constant('key' as const), id: texts, name: texts }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 * LINKS }), change, async (id, changed) => {
        const before = entry(id);
        fc.pre(JSON.stringify({ ...before, ...changed }) !== JSON.stringify(before));
        const held = new Stored();
        held.change(id, changed);
        expect((await held.verify()).faults.join('; ')).to.contain(
          `link ${Math.ceil(id / 2)}, or one of its entries, was changed`,
        );
      }),
    );
  });

  it('tells of the first faults, not of millions, and ends', async () => {
    stored = new Stored(400, 1);
    for (let id = 1; id <= 400; id += 1) stored.change(id, { note: 'changed' });
    expect((await stored.verify()).faults).to.have.length(20);
  });
});
