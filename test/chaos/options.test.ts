// Owns the proof of the command line of a run: what it takes, what it takes for granted, and what it refuses with which words.
import { expect } from 'chai';
import { FAULT_KINDS } from '../../chaos/faults/plan.ts';
import { readOptions, USAGE, WrongOption } from '../../chaos/options.ts';
import { SABOTAGES } from '../../chaos/sabotage/catalogue.ts';

const faultsOf = (text: string): string[] => readOptions(['--faults', text]).faults.map(({ name }) => name);

describe('the options of a run', () => {
  it('are a minute of every fault on three instances where nothing is said, with a seed that is drawn', () => {
    const { seed, ...rest } = readOptions([]);
    expect(rest).to.deep.equal({ durationMs: 60_000, faults: FAULT_KINDS, instances: 3, out: null, sabotage: null });
    expect(Number.isSafeInteger(seed) && seed >= 0).to.equal(true);
    expect(new Set(Array.from({ length: 20 }, () => readOptions([]).seed)).size).to.be.above(1);
    // A drawn seed can be said again.
    expect(readOptions(['--seed', String(seed)]).seed).to.equal(seed);
  });

  it('are what is said', () => {
    const said = ['--seed', '0', '--duration', '30m', '--instances=5', '--out', 'a folder', '--sabotage', 'no-fence'];
    const { faults: _, ...rest } = readOptions(said);
    expect(rest).to.deep.equal({ seed: 0, durationMs: 1_800_000, instances: 5, out: 'a folder', sabotage: 'no-fence' });
  });

  it('take durations in their units', () => {
    const durations = ['5000ms', '90s', '30m', '2h'].map((text) => readOptions(['--duration', text]).durationMs);
    expect(durations).to.deep.equal([5_000, 90_000, 1_800_000, 7_200_000]);
  });

  it('take faults by their names and by their families', () => {
    expect(faultsOf('coordinator-clock, flood')).to.deep.equal(['coordinator-clock', 'flood']);
    const ofRedis = ['redis-kill', 'redis-flush', 'redis-empty', 'redis-rollback', 'redis-away', 'redis-pause'];
    expect(faultsOf('redis')).to.deep.equal(ofRedis);
    expect(faultsOf('pause')).to.deep.equal(['coordinator-pause', 'postgres-pause', 'redis-pause']);
    expect(faultsOf('coordinator-kill,participant-409')).to.deep.equal(['coordinator-kill', 'participant-409']);
    expect(faultsOf('redis-kill,redis,redis-kill')).to.have.members(faultsOf('redis')).and.have.length(6);
    for (const family of ['coordinator', 'postgres', 'participant']) {
      expect(faultsOf(family).length).to.be.above(2);
      for (const name of faultsOf(family)) expect(name.startsWith(`${family}-`)).to.equal(true);
    }
  });

  it('take every sabotage there is', () => {
    for (const name of Object.keys(SABOTAGES)) expect(readOptions(['--sabotage', name]).sabotage).to.equal(name);
  });

  for (const [args, words] of [
    [['--seed', 'x'], '--seed takes a whole number from 0 to 2147483647, not "x"'],
    [['--seed', '1.5'], '--seed takes'],
    [['--seed=-1'], '--seed takes'],
    [['--seed', '2147483648'], '--seed takes'],
    [['--seed', ''], '--seed takes'],
    [['--instances', '0'], '--instances takes a whole number from 1 to 5'],
    [['--instances', '6'], '--instances takes'],
    [['--instances', '0x3'], '--instances takes'],
    [['--duration', '60'], '--duration takes 5s to 2h, such as 60s or 30m, not "60"'],
    [['--duration', '4999ms'], '--duration takes'],
    [['--duration', '3h'], '--duration takes'],
    [['--duration', '1.5m'], '--duration takes'],
    [['--duration', '60 s'], '--duration takes'],
    [['--faults', 'earthquake'], 'there is no fault "earthquake"; there are: coordinator-kill'],
    [['--faults', 'flood,'], 'there is no fault ""'],
    [['--faults', ''], 'there is no fault ""'],
    [['--faults', 'redis-'], 'there is no fault "redis-"'],
    [['--sabotage', 'x'], 'there is no sabotage "x"; there are: early-ack'],
    [['--sabotage', 'toString'], 'there is no sabotage "toString"'],
    [['--nonsense'], '--nonsense'],
    [['60s'], '60s'],
    [['--seed'], '--seed'],
  ] as const) {
    it(`refuse ${JSON.stringify(args.join(' '))}`, () => {
      expect(() => readOptions(args)).to.throw(WrongOption, words);
    });
  }

  it('are all explained, with every fault and every sabotage', () => {
    const told = ['seed', 'duration', 'faults', 'instances', 'out', 'sabotage'].map((name) => `--${name} `);
    for (const words of [...told, ...FAULT_KINDS.map(({ name }) => name), ...Object.keys(SABOTAGES)]) {
      expect(USAGE).to.include(words);
    }
  });
});
