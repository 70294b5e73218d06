// Owns the proof that the bench can be trusted: its load gets the answers it counts, and a ledger that does not add up is
// found. How fast anything is stands in bench/, not here.
import { expect } from 'chai';
import type pg from 'pg';
import { runBatchLoad } from '../../bench/batch-load.ts';
import { checkInvariants, connect, createDatabase, InvariantsBroken, storedCounts } from '../../bench/database.ts';
import { runLoad } from '../../bench/load.ts';
import { loadWithAutocannon } from '../../bench/load-autocannon.ts';
import { type PrivateServers, startPrivateServers } from '../../bench/private-servers.ts';
import { stockBaseline } from '../../bench/stocking.ts';
import { type System, startSystem } from '../../bench/system.ts';

const SHORT = { connections: 8, seconds: 1, pauseMs: 0 } as const;

describe('the bench', function () {
  this.timeout(60_000);
  let servers: PrivateServers;
  let ceiling: System;
  let baseline: System;
  let ledger: pg.Client;

  before(async () => {
    servers = await startPrivateServers();
    const database = await createDatabase(servers.postgresUrl, 'bench_baseline');
    ceiling = await startSystem('ceiling', database);
    baseline = await startSystem('baseline', database);
    ledger = await connect(database);
    await stockBaseline(ledger);
  });
  after(async () => {
    await ledger?.end();
    await ceiling?.stop();
    await baseline?.stop();
    await servers?.stop();
  });

  it('confirms what its Tries were answered with, whichever generator drives it', async () => {
    for (const drive of [runLoad, (url: string, load: typeof SHORT & { pattern: 'zipf' }) => loadWithAutocannon(url, load, 10)]) {
      const result = await drive(ceiling.url, { ...SHORT, pattern: 'zipf' });
      expect(result, result.sample).to.include({ failed: 0, refused: 0 });
      expect(result.tried).to.be.greaterThan(0);
      expect(result.confirmed).to.be.within(result.tried - SHORT.connections, result.tried);
    }
  });

  it('counts refusals apart, and every operation of a batch', async () => {
    const refusals = await runLoad(ceiling.url, { ...SHORT, pattern: 'sold-out' });
    expect(refusals).to.include({ failed: 0, tried: 0, confirmed: 0 });
    expect(refusals.refused).to.be.greaterThan(0);
    const batches = await runBatchLoad(ceiling.url, 100, false, 0.3);
    expect(batches, batches.sample).to.include({ failed: 0, confirmed: batches.tried });
    expect(batches.tried % 100).to.equal(0);
  });

  it('finds all that was answered in the ledger, and a counter that is off by one', async () => {
    const result = await runLoad(baseline.url, { ...SHORT, pattern: 'hot' });
    await checkInvariants(ledger, 'baseline');
    expect((await storedCounts(ledger, 'baseline')).confirmed).to.be.at.least(result.confirmed);
    await ledger.query(`UPDATE baseline.stock SET available = available - 1, reserved = reserved + 1 WHERE sku = 'SKU-1'`);
    const failure: unknown = await checkInvariants(ledger, 'baseline').catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(InvariantsBroken).with.property('message').that.includes('I3 of baseline');
  });
});
