// Owns the tests of the two lanes: what belongs to branches has one of its own, and commands on one key keep their order all the
// same, whichever lane they would take.
import { expect } from 'chai';
import type { Command, Coordinator, Verdict, VerdictOf } from '../../src/coordinator/command.ts';
import { Lanes } from '../../src/coordinator/lanes.ts';
import {
  branchesOf,
  cancelOf,
  confirmOf,
  movementId,
  moveOf,
  putParticipantOf,
  removeParticipantOf,
  replyOf,
  resolveOf,
  retryOf,
  transactionId,
  tryOf,
} from '../support/commands.ts';

const ID = transactionId(1);
const OTHER = transactionId(2);

/** A lane that answers when the test says so. */
class HeldLane implements Coordinator {
  readonly taken: string[] = [];
  readonly #open: { resolve: (verdict: Verdict) => void; reject: (error: unknown) => void }[] = [];
  isClosed = false;

  submit<C extends Command>(command: C): Promise<VerdictOf<C>> {
    this.taken.push(command.kind);
    const { promise, resolve, reject } = Promise.withResolvers<Verdict>();
    this.#open.push({ resolve, reject });
    return promise as Promise<VerdictOf<C>>;
  }

  answer(): void {
    this.#open.shift()?.resolve({ ok: true, replayed: false, transaction: { id: ID, state: 'TRIED' } });
  }

  fail(): void {
    this.#open.shift()?.reject(new Error('a fault of ours'));
  }

  async close(): Promise<void> {
    await Promise.resolve();
    this.isClosed = true;
  }
}

let demand: HeldLane;
let branches: HeldLane;
let lanes: Lanes;

beforeEach(() => {
  demand = new HeldLane();
  branches = new HeldLane();
  lanes = new Lanes(demand, branches);
});

describe('the lanes', () => {
  it('keep what is about branches apart from all else', () => {
    const [a, b, c, d, e, f] = Array.from({ length: 6 }, (_, index) => transactionId(10 + index));
    if (!a || !b || !c || !d || !e || !f) throw new Error('six ids were made');
    for (const command of [tryOf(a, [['s', 1]]), confirmOf(b), cancelOf(c), moveOf(movementId(1), 'RECEIVE', ['s', 1])])
      void lanes.submit(command);
    const withBranches = tryOf(d, [], { branches: branchesOf(d, 'pay') });
    const about = [withBranches, replyOf(e, 0, 'try', 'done'), retryOf(f), resolveOf(OTHER, 0, 'CONFIRMED')];
    for (const command of [...about, putParticipantOf('pay'), removeParticipantOf('points')]) void lanes.submit(command);
    expect(demand.taken).to.deep.equal(['try', 'confirm', 'cancel', 'move-stock']);
    expect(branches.taken).to.deep.equal(['try', 'branch-reply', 'retry', 'resolve', 'put-participant', 'remove-participant']);
  });

  it('send what is on the same key after what is under way there, and elsewhere as usual', () => {
    void lanes.submit(tryOf(ID, [], { branches: branchesOf(ID, 'pay') }));
    void lanes.submit(confirmOf(ID));
    void lanes.submit(confirmOf(OTHER));
    void lanes.submit(replyOf(OTHER, 0, 'confirm', 'done'));
    expect(branches.taken).to.deep.equal(['try', 'confirm']);
    expect(demand.taken).to.deep.equal(['confirm', 'branch-reply']);
  });

  it('let a key go once all of its commands are answered, or have failed, and not before', async () => {
    const first = lanes.submit(retryOf(ID));
    const second = lanes.submit(confirmOf(ID));
    branches.answer();
    await first;
    const third = lanes.submit(cancelOf(ID));
    expect(branches.taken).to.deep.equal(['retry', 'confirm', 'cancel']);
    branches.fail();
    branches.answer();
    expect(await second.catch(String)).to.equal('Error: a fault of ours');
    await third;
    void lanes.submit(confirmOf(ID));
    expect(demand.taken).to.deep.equal(['confirm']);
  });

  it('close both', async () => {
    await lanes.close();
    expect([demand.isClosed, branches.isClosed]).to.deep.equal([true, true]);
  });
});
