// Owns the tests of what a Try is answered: rules 1, 2, 5 and 6 of the contract.
import { expect } from 'chai';
import { cancelOf, confirmOf, expireOf, transactionId, tryOf } from '../../support/commands.ts';
import { accepted, itemsOf, NOON_MS, refused, Story } from './story.ts';

const ID = transactionId(1);

describe('a Try', () => {
  it('reserves the whole basket and says until when', () => {
    const story = new Story().stocked(['a', 5], ['b', 2, 'north']);
    const command = tryOf(
      ID,
      [
        ['a', 3],
        ['b', 2, 'north'],
      ],
      { timeoutMs: 700, reference: 'order 1', metadata: '{"k":1}' },
    );
    const transaction = accepted(story.tell(command));
    expect(transaction).to.deep.include({
      id: ID,
      state: 'TRIED',
      reason: null,
      note: null,
      needsAttention: false,
      reference: 'order 1',
    });
    expect(transaction).to.deep.include({
      metadata: '{"k":1}',
      createdAt: NOON_MS,
      updatedAt: NOON_MS,
      expiresAt: NOON_MS + 700,
    });
    expect(itemsOf(transaction)).to.deep.equal(['a RESERVED 3/0/0', 'b RESERVED 2/0/0']);
    expect(story.counters('a')).to.deep.equal([2, 3, 0]);
    expect(story.counters('b', 'north')).to.deep.equal([0, 2, 0]);
    expect(story.stored(ID)).to.deep.include({ contentHash: command.contentHash, decidedAt: null, shortages: null });
  });

  it('takes the last one there is, and not one more', () => {
    const story = new Story().stocked(['a', 5]);
    accepted(story.tell(tryOf(ID, [['a', 5]])));
    refused(story.tell(tryOf(transactionId(2), [['a', 1]])), 'insufficient-stock');
    expect(story.counters('a')).to.deep.equal([0, 5, 0]);
  });

  it('holds nothing of a basket of which one item is short, and names every shortage (rule 1)', () => {
    const story = new Story().stocked(['a', 5], ['b', 1], ['c', 2]);
    const refusal = refused(
      story.tell(
        tryOf(ID, [
          ['a', 5],
          ['b', 2],
          ['c', 3],
        ]),
      ),
      'insufficient-stock',
    );
    expect(refusal.problem.members).to.deep.equal({
      shortages: [
        { sku: 'b', warehouse: 'default', requested: 2, available: 1 },
        { sku: 'c', warehouse: 'default', requested: 3, available: 2 },
      ],
    });
    expect(story.counters('a')).to.deep.equal([5, 0, 0]);
    expect(itemsOf(story.stored(ID))).to.deep.equal(['a AVAILABLE 5/0/0', 'b AVAILABLE 2/0/0', 'c AVAILABLE 3/0/0']);
    expect(story.stored(ID)).to.deep.include({ state: 'CANCELLED', reason: 'insufficient-stock', decidedAt: NOON_MS });
  });

  it('stores nothing of a refusal where it names no id', () => {
    const story = new Story().stocked(['a', 1]);
    refused(story.tell(tryOf(ID, [['a', 2]], { idGiven: false })), 'insufficient-stock');
    expect(story.changes).to.deep.equal([]);
  });

  it('refuses a SKU that was never stocked there, leaves no trace, and may be sent again', () => {
    const story = new Story().stocked(['a', 5]);
    const command = tryOf(ID, [
      ['a', 1],
      ['a', 1, 'north'],
    ]);
    const refusal = refused(story.tell(command), 'unknown-sku');
    expect(refusal.problem.members).to.deep.equal({ sku: 'a', warehouse: 'north' });
    expect(story.changes).to.deep.equal([]);
    accepted(story.stocked(['a', 1, 'north']).tell(command));
  });

  it('tells a brief caller no more than the id and the state', () => {
    const verdict = new Story().stocked(['a', 5]).tell(tryOf(ID, [['a', 1]], { reply: 'minimal' }));
    expect(verdict).to.deep.equal({ ok: true, replayed: false, transaction: { id: ID, state: 'TRIED' } });
  });
});

describe('a Try that is sent again (rule 2)', () => {
  const command = tryOf(ID, [['a', 3]], { timeoutMs: 1000 });
  let story: Story;

  beforeEach(() => {
    story = new Story().stocked(['a', 5]);
    accepted(story.tell(command));
  });

  it('is told that it is held, until the deadline, and holds nothing more', () => {
    for (const now of [NOON_MS, NOON_MS + 999]) {
      const again = accepted(story.at(now).tell(command), true);
      expect(again).to.deep.include({ state: 'TRIED', createdAt: NOON_MS, expiresAt: NOON_MS + 1000 });
    }
    expect(story.counters('a')).to.deep.equal([2, 3, 0]);
  });

  it('is told that it expired from the deadline on, whether or not the release has run (rule 5)', () => {
    for (const now of [NOON_MS + 1000, NOON_MS + 1001]) {
      refused(story.at(now).tell(command), 'reservation-expired', true);
      expect(story.changes).to.deep.equal([]);
    }
    story.tell(expireOf(ID));
    const { problem } = refused(story.tell(command), 'reservation-expired', true);
    expect(problem.members).to.deep.equal({ expiresAt: new Date(NOON_MS + 1000).toISOString() });
  });

  it('is told that it is confirmed, however late', () => {
    story.tell(confirmOf(ID));
    expect(accepted(story.at(NOON_MS + 1e9).tell(command), true).state).to.equal('CONFIRMED');
  });

  it('is told that it was cancelled since', () => {
    story.tell(cancelOf(ID));
    refused(story.tell(command), 'transaction-cancelled', true);
    expect(story.counters('a')).to.deep.equal([5, 0, 0]);
  });

  it('with other content is refused, whatever became of the first', () => {
    const others = [
      tryOf(ID, [['a', 4]], { timeoutMs: 1000 }),
      tryOf(ID, [['a', 3]], { timeoutMs: 1001 }),
      tryOf(ID, [['a', 3]], { timeoutMs: 1000, reference: 'x' }),
      tryOf(ID, [['a', 3]], { timeoutMs: 1000, metadata: '{}' }),
      tryOf(ID, [['a', 3, 'north']], { timeoutMs: 1000 }),
    ];
    for (const other of others) refused(story.tell(other), 'idempotency-mismatch');
    story.tell(confirmOf(ID));
    for (const other of others) refused(story.tell(other), 'idempotency-mismatch');
    expect(story.changes).to.deep.equal([]);
  });

  it('is the same content where only the order of its items and keys differs, and items are split', () => {
    const one = tryOf(
      transactionId(2),
      [
        ['a', 1],
        ['b', 1],
        ['a', 1],
      ],
      { metadata: '{"x":1,"y":{"p":1,"q":2}}' },
    );
    const other = tryOf(
      transactionId(2),
      [
        ['b', 1],
        ['a', 2],
      ],
      { metadata: '{"y":{"q":2,"p":1},"x":1}' },
    );
    story.stocked(['b', 1]);
    accepted(story.tell(one));
    accepted(story.tell(other), true);
  });

  it('says of a refusal whose shortages were removed in time what it still knows (rule 10)', () => {
    const story = new Story().stocked(['a', 5]);
    const short = tryOf(ID, [['a', 6]]);
    refused(story.tell(short), 'insufficient-stock');
    story.rows.transactions.set(ID, { ...story.stored(ID), items: [], shortages: null, retiredAt: NOON_MS });
    const { problem } = refused(story.tell(short), 'insufficient-stock', true);
    expect([problem.detail, problem.members]).to.deep.equal(['More was asked for than there was.', { shortages: [] }]);
  });

  it('hears its refusal again, with the shortages of then, though there is enough by now (I7)', () => {
    const refusedTry = tryOf(transactionId(2), [['a', 3]]);
    const first = refused(story.tell(refusedTry), 'insufficient-stock');
    story.stocked(['a', 100]);
    const again = refused(story.tell(refusedTry), 'insufficient-stock', true);
    expect(again.problem).to.deep.equal(first.problem);
    refused(story.tell(tryOf(transactionId(2), [['a', 1]])), 'idempotency-mismatch');
  });
});

describe('a Try after its cancel (rule 6)', () => {
  it('holds nothing, whatever its content, again and again', () => {
    const story = new Story().stocked(['a', 5]);
    accepted(story.tell(cancelOf(ID)));
    for (const command of [tryOf(ID, [['a', 1]]), tryOf(ID, [['a', 2]]), tryOf(ID, [['a', 9]]), tryOf(ID, [['never', 1]])]) {
      expect(story.tell(command))
        .to.deep.include({ ok: false })
        .and.to.have.nested.property('problem.code', 'transaction-cancelled');
      expect(story.changes).to.deep.equal([]);
    }
    expect(story.counters('a')).to.deep.equal([5, 0, 0]);
  });
});
