// Owns the tests of movements and counts: what changes stock outside transactions, up to the largest number JSON can carry (I1, I2).
import { expect } from 'chai';
import type { MovementAccepted, Refused, StockCounted } from '../../../src/coordinator/command.ts';
import { etagOf } from '../../../src/coordinator/etag.ts';
import { stockOfSku } from '../../../src/coordinator/rows.ts';
import { confirmOf, countOf, movementId, moveOf, transactionId, tryOf } from '../../support/commands.ts';
import { accepted, NOON_MS, refused, Story } from './story.ts';

const MOST = Number.MAX_SAFE_INTEGER;

function moved(verdict: MovementAccepted | Refused, replayed = false): MovementAccepted['movement'] {
  if (!verdict.ok) throw new Error(verdict.problem.detail);
  expect(verdict.replayed).to.equal(replayed);
  return verdict.movement;
}

function counted(verdict: StockCounted | Refused): StockCounted['stock'] {
  if (!verdict.ok) throw new Error(verdict.problem.detail);
  return verdict.stock;
}

describe('a movement', () => {
  it('opens stock where there was none, and says what there is after it', () => {
    const story = new Story();
    const movement = moved(story.tell(moveOf(movementId(1), 'RECEIVE', ['a', 5, 'north'], { reason: 'delivery' })));
    const stock = { sku: 'a', warehouse: 'north', available: 5, reserved: 0, deducted: 0 };
    expect(movement).to.deep.include({ id: movementId(1), kind: 'RECEIVE', quantity: 5, reason: 'delivery', at: NOON_MS });
    expect(movement.stock).to.deep.include(stock);
    expect(movement.stock).to.deep.equal(story.rows.stock.get('a north'));
  });

  it('adds, takes and adjusts both ways, down to nothing and not below', () => {
    const story = new Story().stocked(['a', 5]);
    expect(moved(story.tell(moveOf(movementId(1), 'WRITE_OFF', ['a', 2]))).stock.available).to.equal(3);
    expect(moved(story.tell(moveOf(movementId(2), 'ADJUST', ['a', -3]))).stock.available).to.equal(0);
    expect(moved(story.tell(moveOf(movementId(3), 'ADJUST', ['a', 4]))).stock.available).to.equal(4);
    const refusal = refused(story.tell(moveOf(movementId(4), 'WRITE_OFF', ['a', 5])), 'insufficient-stock');
    expect(refusal.problem.members).to.deep.equal({
      shortages: [{ sku: 'a', warehouse: 'default', requested: 5, available: 4 }],
    });
    refused(story.tell(moveOf(movementId(5), 'ADJUST', ['a', -5])), 'insufficient-stock');
    refused(story.tell(moveOf(movementId(6), 'WRITE_OFF', ['never', 1])), 'insufficient-stock');
    expect(story.rows.stock.has('never default')).to.equal(false);
  });

  it('takes nothing of what is reserved or sold', () => {
    const story = new Story().stocked(['a', 5]);
    accepted(story.tell(tryOf(transactionId(1), [['a', 2]])));
    accepted(story.tell(tryOf(transactionId(2), [['a', 2]])));
    accepted(story.tell(confirmOf(transactionId(2))));
    refused(story.tell(moveOf(movementId(1), 'WRITE_OFF', ['a', 2])), 'insufficient-stock');
    expect(story.counters('a')).to.deep.equal([1, 2, 2]);
  });

  it('takes effect once per id, and hears its first answer again, a refusal too (I7)', () => {
    const story = new Story().stocked(['a', 1]);
    const receive = moveOf(movementId(1), 'RECEIVE', ['a', 2]);
    const tooMuch = moveOf(movementId(2), 'WRITE_OFF', ['a', 9]);
    const first = moved(story.tell(receive));
    const refusal = refused(story.tell(tooMuch), 'insufficient-stock');
    story.stocked(['a', 100]);
    expect(moved(story.at(NOON_MS + 5).tell(receive), true)).to.deep.equal(first);
    expect(refused(story.tell(tooMuch), 'insufficient-stock', true).problem).to.deep.equal(refusal.problem);
    expect(story.counters('a')).to.deep.equal([103, 0, 0]);
    for (const other of [
      moveOf(movementId(1), 'RECEIVE', ['a', 3]),
      moveOf(movementId(1), 'ADJUST', ['a', 2]),
      moveOf(movementId(2), 'WRITE_OFF', ['b', 9]),
    ]) {
      refused(story.tell(other), 'idempotency-mismatch');
    }
  });

  it('without an id of the caller keeps no refusal, and is no replay where our own first attempt was stored', () => {
    const story = new Story().stocked(['a', 1]);
    refused(story.tell(moveOf(movementId(1), 'WRITE_OFF', ['a', 2], { idGiven: false })), 'insufficient-stock');
    expect(story.changes).to.deep.equal([]);
    const receive = moveOf(movementId(2), 'RECEIVE', ['a', 2], { idGiven: false });
    moved(story.tell(receive));
    moved(story.tell(receive), false);
    expect(story.counters('a')).to.deep.equal([3, 0, 0]);
  });

  it('stops at the largest exact number, all three counters taken together', () => {
    const story = new Story();
    moved(story.tell(moveOf(movementId(1), 'RECEIVE', ['a', MOST - 10])));
    accepted(story.tell(tryOf(transactionId(1), [['a', 1000]])));
    accepted(story.tell(confirmOf(transactionId(1))));
    refused(story.tell(moveOf(movementId(2), 'RECEIVE', ['a', 11])), 'quantity-exceeded');
    refused(story.tell(moveOf(movementId(3), 'RECEIVE', ['a', 1_000_000_000])), 'quantity-exceeded');
    expect(story.changes.map((change) => change.kind)).to.deep.equal(['record-movement']);
    refused(story.tell(moveOf(movementId(7), 'RECEIVE', ['a', 11], { idGiven: false })), 'quantity-exceeded');
    expect(story.changes).to.deep.equal([]);
    expect(moved(story.tell(moveOf(movementId(4), 'RECEIVE', ['a', 10]))).stock).to.deep.include({
      available: MOST - 1000,
      deducted: 1000,
    });
    refused(story.tell(moveOf(movementId(5), 'ADJUST', ['a', 1])), 'quantity-exceeded');
    moved(story.tell(moveOf(movementId(6), 'ADJUST', ['a', -1])));
    // There is room by now, but an id has one outcome for ever (I7).
    refused(story.tell(moveOf(movementId(2), 'RECEIVE', ['a', 11])), 'quantity-exceeded', true);
  });
});

describe('a count', () => {
  it('becomes an ADJUST of the difference, and leaves what is reserved and sold', () => {
    const story = new Story().stocked(['a', 10]);
    accepted(story.tell(tryOf(transactionId(1), [['a', 4]])));
    expect(counted(story.tell(countOf(movementId(1), 'a', { available: 2 })))[0]).to.deep.include({ available: 2, reserved: 4 });
    const kept = story.rows.movements.get(movementId(1));
    expect(kept?.result.movement).to.deep.include({ kind: 'ADJUST', quantity: -4, at: NOON_MS });
    expect(counted(story.tell(countOf(movementId(2), 'a', { onHand: 9 })))[0]).to.deep.include({ available: 5, reserved: 4 });
  });

  it('of less on hand than is reserved is refused, of just that leaves nothing available', () => {
    const story = new Story().stocked(['a', 10]);
    accepted(story.tell(tryOf(transactionId(1), [['a', 4]])));
    const refusal = refused(story.tell(countOf(movementId(1), 'a', { onHand: 3 })), 'insufficient-stock');
    expect(refusal.problem.members).to.deep.equal({
      shortages: [{ sku: 'a', warehouse: 'default', requested: 4, available: 3 }],
    });
    expect(counted(story.tell(countOf(movementId(2), 'a', { onHand: 4 })))[0]).to.deep.include({ available: 0, reserved: 4 });
  });

  it('that finds what the books say leaves no movement, and opens stock of which there is none', () => {
    const story = new Story().stocked(['a', 10]);
    const before = stockOfSku(story.rows, 'a');
    expect(counted(story.tell(countOf(movementId(1), 'a', { available: 10 })))).to.deep.equal(before);
    expect(story.changes).to.deep.equal([]);
    counted(story.tell(countOf(movementId(2), 'b', { available: 0 })));
    expect(story.counters('b')).to.deep.equal([0, 0, 0]);
    refused(story.tell(tryOf(transactionId(1), [['b', 1]])), 'insufficient-stock');
  });

  it('answers with every warehouse of the SKU, sorted, and those of no other', () => {
    const story = new Story().stocked(['a', 1, 'south'], ['a', 2], ['ab', 3], ['a', 4, 'north']);
    const stock = counted(story.tell(countOf(movementId(1), 'a', { available: 7 }, { warehouse: 'east' })));
    expect(stock.map((row) => `${row.warehouse} ${row.available}`)).to.deep.equal(['default 2', 'east 7', 'north 4', 'south 1']);
    expect(stock).to.deep.equal(stockOfSku(story.rows, 'a'));
  });

  it('honours If-Match: the tag of now, one of several, any; nothing of what was never stocked', () => {
    const story = new Story().stocked(['a', 10]);
    const tag = etagOf(stockOfSku(story.rows, 'a'));
    const count = (id: number, available: number, ifMatch: readonly string[] | 'any') =>
      story.tell(countOf(movementId(id), 'a', { available }, { ifMatch }));
    counted(count(1, 11, [tag]));
    refused(count(2, 12, [tag]), 'version-mismatch');
    expect(story.changes).to.deep.equal([]);
    counted(count(3, 13, ['"x"', etagOf(stockOfSku(story.rows, 'a'))]));
    counted(count(4, 14, 'any'));
    refused(count(5, 15, []), 'version-mismatch');
    for (const ifMatch of ['any', [tag]] as const) {
      refused(story.tell(countOf(movementId(6), 'never', { available: 1 }, { ifMatch })), 'version-mismatch');
    }
  });

  it('finds its tag changed by whatever changed the SKU, in any warehouse', () => {
    const story = new Story().stocked(['a', 10], ['a', 1, 'north']);
    const tags = new Set<string>();
    const note = (): number => tags.add(etagOf(stockOfSku(story.rows, 'a'))).size;
    expect(note()).to.equal(1);
    accepted(story.tell(tryOf(transactionId(1), [['a', 1, 'north']])));
    expect(note()).to.equal(2);
    accepted(story.tell(confirmOf(transactionId(1))));
    expect(note()).to.equal(3);
    counted(story.tell(countOf(movementId(1), 'a', { available: 0 }, { warehouse: 'south' })));
    expect(note()).to.equal(4);
  });

  it('is applied once where our own first attempt was stored', () => {
    const story = new Story().stocked(['a', 10]);
    const command = countOf(movementId(1), 'a', { available: 4 }, { ifMatch: [etagOf(stockOfSku(story.rows, 'a'))] });
    counted(story.tell(command));
    accepted(story.tell(tryOf(transactionId(1), [['a', 1]])));
    expect(counted(story.tell(command))[0]).to.deep.include({ available: 3, reserved: 1 });
  });

  it('stops at the largest exact number', () => {
    const story = new Story().stocked(['a', 10]);
    accepted(story.tell(tryOf(transactionId(1), [['a', 4]])));
    refused(story.tell(countOf(movementId(1), 'a', { available: MOST - 3 })), 'quantity-exceeded');
    refused(story.tell(countOf(movementId(2), 'a', { available: MOST })), 'quantity-exceeded');
    expect(counted(story.tell(countOf(movementId(3), 'a', { onHand: MOST })))[0]).to.deep.include({
      available: MOST - 4,
      reserved: 4,
    });
    expect(counted(story.tell(countOf(movementId(4), 'a', { available: 0 })))[0]).to.deep.include({ available: 0, reserved: 4 });
  });
});
