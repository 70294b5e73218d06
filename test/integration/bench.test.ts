// Owns the proof that the bench can be trusted: its load gets the answers it counts, and a ledger that does not add up is
// found. How fast anything is stands in bench/, not here.
import { expect } from 'chai';
import type pg from 'pg';
import { BareCaller } from '../../bench/bare-calls.ts';
import { runBatchLoad } from '../../bench/batch-load.ts';
import { PARTICIPANTS, registerParticipants } from '../../bench/branches.ts';
import { checkInvariants, connect, createDatabase, InvariantsBroken, storedCounts } from '../../bench/database.ts';
import { runLoad } from '../../bench/load.ts';
import { loadWithAutocannon } from '../../bench/load-autocannon.ts';
import { allWait, confirmBranches, holdBranches, watchDrain } from '../../bench/outage-branches.ts';
import { type PrivateServers, startPrivateServers } from '../../bench/private-servers.ts';
import { stockBaseline, stockHoldfast } from '../../bench/stocking.ts';
import { type System, startSystem } from '../../bench/system.ts';
import { type ParticipantCall, startParticipant } from '../support/participant-server.ts';

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

describe('the bench of branches', function () {
  this.timeout(60_000);
  let servers: PrivateServers;
  let holdfast: System;
  let ledger: pg.Client;

  before(async () => {
    servers = await startPrivateServers();
    const database = await createDatabase(servers.postgresUrl, 'bench_holdfast');
    holdfast = await startSystem('holdfast', database, servers.redisUrl);
    ledger = await connect(database);
    await stockHoldfast(holdfast.url);
  });
  after(async () => {
    await ledger?.end();
    await holdfast?.stop();
    await servers?.stop();
  });

  it('makes bare calls as the coordinator makes them', async () => {
    const participant = await startParticipant();
    await registerParticipants(holdfast.url, participant.url, PARTICIPANTS);
    await runLoad(holdfast.url, { ...SHORT, connections: 1, pattern: 'branches' });
    const shapeOf = ({ headers, payload, ...call }: ParticipantCall) => ({
      headers: Object.keys(headers).sort(),
      length: headers['content-length'],
      payload,
      keys: Object.keys(call),
      participant: call.participant,
      phase: call.phase,
    });
    const shapes = (calls: readonly ParticipantCall[]) => new Set(calls.map((call) => JSON.stringify(shapeOf(call))));
    const real = participant.calls.length;
    const caller = new BareCaller();
    const result = await caller.run({ url: participant.url, connections: 4, seconds: 0.3 });
    await caller.stop();
    expect(result, result.sample).to.include({ failed: 0 });
    expect(shapes(participant.calls.slice(real))).to.deep.equal(shapes(participant.calls.slice(0, real)));
  });

  it('confirms every branch of what it counts, whichever generator drives it, and finds one that is not', async () => {
    const participant = await startSystem('participant', '');
    await registerParticipants(holdfast.url, participant.url, PARTICIPANTS);
    let confirmed = 0;
    for (const drive of [
      runLoad,
      (url: string, load: typeof SHORT & { pattern: 'branches' }) => loadWithAutocannon(url, load, 10),
    ]) {
      const result = await drive(holdfast.url, { ...SHORT, pattern: 'branches' });
      expect(result, result.sample).to.include({ failed: 0, refused: 0 });
      expect(result.confirmed).to.be.greaterThan(0);
      confirmed += result.confirmed;
    }
    await checkInvariants(ledger, 'holdfast');
    expect((await storedCounts(ledger, 'holdfast')).confirmed).to.be.at.least(confirmed);
    const one = `(SELECT id FROM holdfast.branch WHERE state = 'CONFIRMED' LIMIT 1)`;
    const { rows } = await ledger.query<{ id: string }>(
      `UPDATE holdfast.branch SET state = 'TRIED' WHERE id = ${one} RETURNING id`,
    );
    const failure: unknown = await checkInvariants(ledger, 'holdfast').catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(InvariantsBroken).with.property('message').that.includes('BRANCHES of holdfast');
    await ledger.query(`UPDATE holdfast.branch SET state = 'CONFIRMED' WHERE id = $1`, [rows[0]?.id]);
    await participant.stop();
  });

  it('sees branches wait through an outage, and drain after it', async () => {
    const participant = await startParticipant();
    await registerParticipants(holdfast.url, participant.url, ['away']);
    const ids = await holdBranches(holdfast.url, 'away', 40);
    await participant.down();
    await confirmBranches(holdfast.url, ids);
    const watched = { client: ledger, participant: 'away', count: ids.length };
    await allWait(watched, 10_000);
    await participant.up();
    let begun = 0;
    const drained = await watchDrain(watched, performance.now(), 20_000, () => {
      begun += 1;
    });
    expect(drained).to.include({ finished: true });
    expect(begun).to.equal(1);
    expect(drained.seconds).to.be.at.least(drained.firstAfterSeconds);
  });
});
