// Owns the proof of the report: that its figures are those of the evidence, and that the terminal says them truly.
import { expect } from 'chai';
import fc from 'fast-check';
import { readOptions } from '../../chaos/options.ts';
import { stretchesOf } from '../../chaos/report/stretches.ts';
import { type Report, summarize } from '../../chaos/report/summary.ts';
import { terminalReport } from '../../chaos/report/terminal.ts';
import { repeatCommand } from '../../chaos/report/verdict.ts';
import { answer, evidenceOf, fault, finding, madeUpRun, operation, period, STARTED_MS, sentAt } from './made-up-run.ts';

const unknown = (why: string) => ({ kind: 'unknown', why }) as const;

describe('the figures of a report', () => {
  it('count operations by kind, and by status and code', () => {
    const operations = [
      sentAt(0),
      sentAt(1, { kind: 'confirm', outcome: answer(200) }),
      sentAt(2, { outcome: answer(409, 'insufficient-stock') }),
      sentAt(3, { outcome: answer(409, 'insufficient-stock'), isFlood: true }),
      sentAt(4, { outcome: unknown('ECONNRESET') }),
      sentAt(5, { outcome: unknown('gave up after 80 ms') }),
      sentAt(6, { outcome: unknown('gave up after 80 ms'), isFlood: true }),
    ];
    const detail = '2 without an answer: 1 took effect';
    const { operations: counted } = summarize(evidenceOf({ operations }), [finding('I7', { detail })]);
    expect(counted).to.deep.equal({
      total: 7,
      byKind: { try: 6, confirm: 1 },
      byOutcome: { '200': 1, '201': 1, '409 insufficient-stock': 2, unknown: 3 },
      flood: 2,
      unknown: { total: 3, flood: 1, gaveUp: 1, resolved: detail },
    });
  });

  it('call available what was answered below 500, among those who did not mean to give up early', () => {
    const operations = [
      sentAt(0, { endedMs: STARTED_MS + 7 }),
      sentAt(1, { outcome: answer(409, 'invalid-transition') }),
      sentAt(2, { outcome: answer(503, 'unavailable') }),
      sentAt(3, { outcome: unknown('gave up after 6001 ms') }),
      sentAt(4, { outcome: unknown('ECONNRESET: read ECONNRESET') }),
      sentAt(5, { outcome: unknown('gave up after 290 ms') }),
      sentAt(6, { outcome: answer(503, 'overloaded'), isFlood: true }),
    ];
    const { periods } = summarize(evidenceOf({ operations, periods: [period('before', 0, 4_000)] }), []);
    expect(periods).to.deep.equal([
      {
        name: 'before',
        faults: [],
        fromMs: 0,
        toMs: 4_000,
        operations: 6,
        served: 2,
        serverErrors: 1,
        unanswered: 2,
        gaveUp: 1,
        availability: 0.4,
        throughput: 0.5,
        p50Ms: 5,
        p99Ms: 7,
        maxMs: 7,
      },
    ]);
  });

  it('tell the median, the hundredth slowest and the slowest', () => {
    const operations = Array.from({ length: 200 }, (_, index) => sentAt(index, { endedMs: STARTED_MS + index + 200 - index }));
    const [only] = summarize(evidenceOf({ operations, periods: [period('quiet', 0, 1_000)] }), []).periods;
    expect([only?.p50Ms, only?.p99Ms, only?.maxMs]).to.deep.equal([100, 198, 200]);
  });

  it('have no availability and no latency where nothing was asked', () => {
    const [only] = summarize(evidenceOf({ periods: [period('drain', 0, 1_000)] }), []).periods;
    expect([only?.availability, only?.throughput, only?.p99Ms]).to.deep.equal([null, 0, null]);
  });

  it('ascribe an operation to the period it was sent in, whose end is not part of it', () => {
    const periods = [period('quiet', 2_000, 3_000), period('before', 0, 1_000), period('quiet', 1_000, 2_000)];
    const operations = [sentAt(999, { endedMs: STARTED_MS + 2_500 }), sentAt(1_000), sentAt(2_999), sentAt(3_000)];
    const report = summarize(evidenceOf({ operations, periods }), []);
    expect(report.periods.map(({ fromMs, operations: number }) => [fromMs, number])).to.deep.equal([
      [0, 1],
      [1_000, 1],
      [2_000, 1],
    ]);
    expect(report.byPeriod.map(({ name, times, lastedMs, served }) => [name, times, lastedMs, served])).to.deep.equal([
      ['before', 1, 1_000, 1],
      ['quiet', 2, 2_000, 2],
    ]);
  });

  it('ascribe an operation to every kind of fault that lasted when it was sent, and to none twice', () => {
    const faults = [fault('link-resets', 0, 1_000), fault('link-latency', 500, 2_500), fault('link-latency', 1_500, 3_000)];
    const operations = [sentAt(700), sentAt(2_000), sentAt(3_500)];
    const { byFault } = summarize(evidenceOf({ operations, faults }), []);
    expect(byFault.map(({ name, times, lastedMs, served }) => [name, times, lastedMs, served])).to.deep.equal([
      ['link-latency', 2, 2_500, 2],
      ['link-resets', 1, 1_000, 1],
    ]);
  });

  it('are those of a plain count, whatever the windows and the moments', () => {
    const moment = fc.integer({ min: 0, max: 40 });
    const window = fc.record({ name: fc.constantFrom('a', 'b', 'c'), fromMs: moment, lastedMs: fc.integer({ min: 0, max: 20 }) });
    fc.assert(
      fc.property(fc.array(window, { maxLength: 12 }), fc.array(moment, { maxLength: 30 }), (drawn, moments) => {
        const windows = drawn.map(({ name, fromMs, lastedMs }) => ({ name, fromMs, toMs: fromMs + lastedMs }));
        const counted = stretchesOf(windows);
        for (const sentMs of moments) counted.add(operation(1, { sentMs }));
        const isIn = (name: string, ms: number): boolean =>
          windows.some((each) => each.name === name && each.fromMs <= ms && ms < each.toMs);
        for (const [name, { lastedMs, service }] of counted.services()) {
          expect(service.served).to.equal(moments.filter((ms) => isIn(name, ms)).length);
          expect(lastedMs).to.equal(Array.from({ length: 61 }, (_, ms) => ms).filter((ms) => isIn(name, ms)).length);
        }
      }),
    );
  });

  it('say when things happened since the start of the run', () => {
    const faults = [fault('link-resets', 3_000, 4_000), fault('link-latency', 1_000, 2_000.5)];
    const { liveness } = madeUpRun(10_000, 10);
    const report = summarize(evidenceOf({ faults, liveness, operations: [sentAt(8_995)] }), []);
    expect(report.faults.map(({ kind, fromMs, toMs }) => [kind, fromMs, toMs])).to.deep.equal([
      ['link-latency', 1_000, 2_000.5],
      ['link-resets', 3_000, 4_000],
    ]);
    expect([report.liveness?.healedMs, report.liveness?.settledMs, report.lastedMs]).to.deep.equal([17_500, 23_650, 9_000]);
  });

  it('count what participants answered', () => {
    const { calls } = madeUpRun(10_000, 500);
    const counted = summarize(evidenceOf({ calls }), []).calls;
    expect(counted.map(({ participant }) => participant)).to.deep.equal(['payment', 'coupon', 'points']);
    const unanswered = calls.filter(({ participant, status }) => participant === 'coupon' && status === null).length;
    expect(counted[1]?.byStatus['no answer']).to.equal(unanswered);
    expect(counted.reduce((sum, { total }) => sum + total, 0)).to.equal(500);
  });

  it('follow the run in whole seconds, in few enough steps to be drawn, and lose nothing', () => {
    const evidence = madeUpRun(1_800_000, 20_000);
    const { course, lastedMs } = summarize(evidence, []);
    expect(course.stepMs % 1_000).to.equal(0);
    expect(course.steps.length).to.be.within(300, 600);
    expect(course.steps.length * course.stepMs).to.be.at.least(lastedMs);
    const [served, failed] = [
      course.steps.reduce((sum, step) => sum + step.served, 0),
      course.steps.reduce((sum, step) => sum + step.failed, 0),
    ];
    const inOrder = evidence.operations.filter(({ isFlood }) => !isFlood);
    const gaveUp = inOrder.filter(({ outcome }) => outcome.kind === 'unknown' && outcome.why.startsWith('gave up')).length;
    expect(served + failed).to.equal(inOrder.length - gaveUp);
    expect(failed).to.be.above(0);
  });
});

describe('the verdict of a report', () => {
  const verdictOf = (...findings: Parameters<typeof summarize>[1]) => summarize(evidenceOf({}), findings).verdict;

  it('is held where every check looked at something and found nothing', () => {
    expect(verdictOf(finding('I1'), finding('I2'))).to.equal('held');
  });

  it('is broken by a violation, and not held where a check examined nothing, or there was none', () => {
    expect(verdictOf(finding('I1'), finding('I2', { violations: 1 }))).to.equal('broken');
    expect(verdictOf(finding('I1'), finding('I2', { examined: 0 }))).to.equal('not examined');
    expect(verdictOf(finding('I1', { violations: 1 }), finding('I2', { examined: 0 }))).to.equal('broken');
    expect(verdictOf()).to.equal('not examined');
  });
});

describe('the report in the terminal', () => {
  const broken = finding('I6', {
    violations: 9,
    examples: ['first \u001b[31m\nthing', 'second', 'third', 'fourth'],
    afterOperations: 12,
  });
  const report = summarize(madeUpRun(60_000, 3_000), [finding('I1'), broken, finding('I9', { examined: 0 })]);
  const text = terminalReport(report, "it's here");
  const lines = text.split('\n');

  it('ends with the verdict, after how to repeat the run and how to look again', () => {
    expect(lines.at(-1)).to.equal('broken: I6; not examined: I9 (1 of 3 held)');
    expect(lines.at(-2)).to.equal("look again: npm run chaos:check -- 'it'\\''s here'");
    expect(lines.at(-3)).to.equal('repeat:     npm run chaos -- --seed 4 --duration 60s --instances 3');
    expect(
      terminalReport(summarize(evidenceOf({}), [finding('I1')]))
        .split('\n')
        .at(-1),
    ).to.equal('held: 1 of 1 invariants');
  });

  it('tells what broke with its first examples, and has a word of its own for what was not examined', () => {
    expect(text).to.include(
      'I6 broken: I6 holds, first seen after 12 operations\n  rows\n  - first \ufffd[31m thing\n  - second\n',
    );
    expect(text).to.include('… and 6 more').and.not.include('fourth');
    expect(lines.find((line) => line.startsWith('I9'))).to.match(/^I9 +NOT EXAMINED +0 +I9 holds$/);
    expect(lines.find((line) => line.startsWith('I6'))).to.match(/^I6 +BROKEN +9 of 1,000 +I6 holds$/);
  });

  it('fits 120 columns, and never rounds up to 100 %', () => {
    expect(lines.filter((line) => line.length > 120)).to.deep.equal([]);
    const operations = Array.from({ length: 30_000 }, (_, index) => sentAt(1, index === 0 ? { outcome: answer(500) } : {}));
    const nearly = terminalReport(summarize(evidenceOf({ operations, periods: [period('quiet', 0, 10)] }), []));
    expect(nearly).to.include(' 99.99 %').and.not.include('100.00 %');
  });

  it('says what the run left out, and how it recovered', () => {
    expect(text).to.include('left out      postgres-disk: no small file system could be made');
    expect(text).to.include('throughput back after 1.2 s (812/s before the faults, 790/s after)');
    const liveness = { ...madeUpRun(10_000, 1).liveness, settledMs: null, stillOpen: 3, recoveredAfterMs: null };
    const stuck = terminalReport(summarize(evidenceOf({ liveness: liveness as Report['liveness'] & { type: 'liveness' } }), []));
    expect(stuck.replace(/\s+/g, ' '))
      .to.include('throughput not back within 10 s')
      .and.include('3 transactions were still open');
  });
});

describe('the command that repeats a run', () => {
  const readBack = (report: Report) => readOptions(repeatCommand(report).split(' ').slice(4));
  const report = summarize(madeUpRun(60_000, 10), []);

  it('asks for all faults where all were asked for, also where one could not be done', () => {
    const { seed, durationMs, instances, faults, sabotage } = readBack(report);
    expect([seed, durationMs, instances, sabotage]).to.deep.equal([4, 60_000, 3, null]);
    expect(faults).to.equal(readOptions([]).faults);
  });

  it('names the faults where only some were asked for, and with a sabotage', () => {
    const faultKinds = ['postgres-restart', 'flood'];
    const some = readBack({ ...report, faultKinds, leftOut: [], durationMs: 5_500 });
    expect(some.faults.map(({ name }) => name)).to.deep.equal(faultKinds);
    expect(some.durationMs).to.equal(5_500);
    const sabotaged = readBack({ ...report, faultKinds, sabotage: 'early-ack' });
    expect([sabotaged.sabotage, sabotaged.faults.length]).to.deep.equal(['early-ack', 2]);
    const throughout = readBack({ ...report, sabotage: 'early-ack' });
    expect(throughout.faults.map(({ name }) => name)).to.deep.equal(report.faultKinds);
  });
});
