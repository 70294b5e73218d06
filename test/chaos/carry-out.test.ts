// Owns the proof of carrying out a plan: faults strike and are healed in their time, what struck is always healed, and what really
// happened is written down.
import { expect } from 'chai';
import type { Cluster } from '../../chaos/cluster/ports.ts';
import { carryOut } from '../../chaos/faults/carry-out.ts';
import type { Drawn, Heal } from '../../chaos/faults/fault.ts';
import type { PlannedFault, PlannedPeriod } from '../../chaos/faults/plan.ts';
import type { Load } from '../../chaos/load/ports.ts';
import type { FaultRecord, PeriodRecord } from '../../chaos/record.ts';
import { errorOf } from '../support/error-of.ts';

/** A timer may be early by this much, and the two clocks differ by as much again. */
const SLACK_MS = 3;

describe('carrying out a plan', () => {
  // Nothing of them is touched: the faults here befall what the test made.
  const [cluster, load] = [{} as Cluster, {} as Load];
  let log: string[];
  let records: (FaultRecord | PeriodRecord)[];
  let stop: AbortController;

  beforeEach(() => {
    log = [];
    records = [];
    stop = new AbortController();
  });

  const carry = (...plan: readonly PlannedPeriod[]): Promise<void> =>
    carryOut(plan, { cluster, load, write: (record) => void records.push(record), stop: stop.signal });

  const period = (fromMs: number, toMs: number, ...faults: readonly PlannedFault[]): PlannedPeriod => ({ fromMs, toMs, faults });

  function fault(kind: string, fromMs: number, toMs: number, strike?: Drawn['strike']): PlannedFault {
    const write = async (): Promise<Heal> => {
      log.push(`${kind} strikes`);
      return async () => void log.push(`${kind} healed`);
    };
    return { kind, fromMs, toMs, drawn: { target: `the ${kind}'s`, note: null, parts: [kind], strike: strike ?? write } };
  }

  const written = () =>
    records.map((record) => (record.type === 'fault' ? record.kind : `${record.name}: ${record.faults.join()}`));

  it('strikes and heals each fault in its time, one period after the other', async () => {
    const begunMs = Date.now();
    await carry(
      period(0, 90, fault('long', 0, 90), fault('short', 30, 60)),
      period(90, 120),
      period(120, 150, fault('last', 120, 150)),
    );
    expect(log).to.deep.equal(['long strikes', 'short strikes', 'short healed', 'long healed', 'last strikes', 'last healed']);
    const planned: Readonly<Record<string, readonly [number, number]>> = { long: [0, 90], short: [30, 60], last: [120, 150] };
    for (const record of records) {
      if (record.type !== 'fault') continue;
      const [fromMs = 0, toMs = 0] = planned[record.kind] ?? [];
      expect(record.fromMs - begunMs).to.be.at.least(fromMs - SLACK_MS);
      expect(record.toMs - begunMs).to.be.at.least(toMs - SLACK_MS);
    }
  });

  it('prepares a fault before its time begins to count', async () => {
    let readyMs = 0;
    const prepared = fault('prepared', 0, 60);
    const prepare = async (): Promise<void> => {
      log.push('prepared');
      await new Promise((resolve) => setTimeout(resolve, 30));
      readyMs = Date.now();
    };
    await carry(period(0, 60, { ...prepared, drawn: { ...prepared.drawn, prepare } }));
    expect(log).to.deep.equal(['prepared', 'prepared strikes', 'prepared healed']);
    const [record] = records;
    expect(record?.type === 'fault' && record.fromMs).to.be.at.least(readyMs - SLACK_MS);
  });

  it('writes down every fault once it is healed, and every period with the kinds of its faults', async () => {
    await carry(period(0, 30, fault('twice', 0, 10), fault('twice', 10, 20), fault('once', 0, 30)), period(30, 40));
    expect(written()).to.deep.equal(['twice', 'twice', 'once', 'faults: twice,once', 'quiet: ']);
    const [first, , , busy, quiet] = records;
    expect(first).to.include({ type: 'fault', target: "the twice's", note: null });
    expect(quiet?.fromMs).to.be.at.least(busy?.toMs ?? Number.POSITIVE_INFINITY);
    for (const { fromMs, toMs } of records) expect(toMs).to.be.at.least(fromMs);
  });

  it('tells a fault that goes on striking when it is over, before it heals it', async () => {
    const again = fault('link-resets', 0, 30, async ({ over }) => {
      over.addEventListener('abort', () => log.push('over'));
      return async () => void log.push('healed');
    });
    await carry(period(0, 30, again));
    expect(log).to.deep.equal(['over', 'healed']);
  });

  it('waits with the next period until what takes long to strike or to heal is healed', async () => {
    const slow = fault('slow', 0, 10, async () => {
      await new Promise((resolve) => setTimeout(resolve, 40));
      log.push('slow strikes');
      return async () => {
        await new Promise((resolve) => setTimeout(resolve, 40));
        log.push('slow healed');
      };
    });
    await carry(period(0, 20, slow), period(20, 40, fault('next', 20, 40)), period(40, 60));
    expect(log).to.deep.equal(['slow strikes', 'slow healed', 'next strikes', 'next healed']);
    // What comes later has all of its time.
    const [next, quiet] = [records[2], records.at(-1)];
    for (const record of [next, quiet]) expect((record?.toMs ?? 0) - (record?.fromMs ?? 0)).to.be.at.least(20 - SLACK_MS);
  });

  it('heals what struck beside one that could not, and strikes no more', async () => {
    const failing = fault('failing', 10, 20, async () => {
      throw new Error('it could not strike');
    });
    const error = await errorOf(
      carry(period(0, 40, fault('beside', 0, 40), failing), period(40, 60, fault('later', 40, 60))),
      Error,
    );
    expect(error.message).to.equal('it could not strike');
    expect(log).to.deep.equal(['beside strikes', 'beside healed']);
    expect(written()).to.deep.equal(['beside', 'faults: beside,failing']);
  });

  it('fails where a fault cannot be healed, when the others are', async () => {
    const stuck = fault('stuck', 0, 10, async () => async () => {
      throw new Error('it could not be healed');
    });
    const error = await errorOf(carry(period(0, 40, stuck, fault('beside', 0, 40))), Error);
    expect(error.message).to.equal('it could not be healed');
    expect(log).to.deep.equal(['beside strikes', 'beside healed']);
    expect(written()).to.deep.equal(['beside', 'faults: stuck,beside']);
  });

  it('heals at once what struck when it is stopped, and strikes no more', async () => {
    const struck = fault('struck', 0, 600_000, async () => {
      log.push('struck');
      setTimeout(() => stop.abort(), 10);
      return async () => void log.push('healed');
    });
    const longMs = 600_000;
    await carry(
      period(0, longMs, struck, fault('later', 300_000, longMs)),
      period(longMs, longMs + 10, fault('next', longMs, longMs)),
    );
    expect(log).to.deep.equal(['struck', 'healed']);
    expect(written()).to.deep.equal(['struck', 'faults: struck,later']);
  });

  it('does nothing where it is stopped before it begins', async () => {
    stop.abort();
    await carry(period(0, 10, fault('never', 0, 10)));
    expect([...log, ...records]).to.deep.equal([]);
  });
});
