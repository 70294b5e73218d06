// Owns the tests of how the command line shows text, time and size.
import { expect } from 'chai';
import fc from 'fast-check';
import { reasonOf } from '../../src/cli/failure.ts';
import { distance, moment, momentAndDistance, span } from '../../src/cli/moments.ts';
import { bytesText } from '../../src/cli/progress.ts';
import { paintFor, table, visible, visibleJson } from '../../src/cli/text.ts';

const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
const plain = paintFor({ isTTY: false }, {});

describe('text from elsewhere', () => {
  it('is shown with everything escaped that could control a terminal', () => {
    expect(visible('a\u001b[2J\r\n\tb\u0000\u007f\u009b\u202e\u2028')).to.equal(
      'a\\u001b[2J\\r\\n\\tb\\u0000\\u007f\\u009b\\u202e\\u2028',
    );
    expect(visible('\ud800x')).to.equal('\\ud800x');
    expect(visible('Grüße, 棚卸し 👩‍🔧')).to.equal('Grüße, 棚卸し 👩‍🔧');
  });

  it('never reaches a terminal as control, whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !UNSAFE.test(visible(text))));
  });

  it('is the same value in JSON to a parser, and harmless', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = visibleJson(value);
        expect(JSON.stringify(JSON.parse(text))).to.equal(JSON.stringify(value));
        expect(UNSAFE.test(text.replaceAll('\n', ''))).to.equal(false);
      }),
    );
  });

  it('stays in its row and column of a table', () => {
    const columns = [{ title: 'NAME' }, { title: 'COUNT', align: 'right' as const }];
    const text = table(
      columns,
      [
        ['a\nb', '1'],
        ['c', '20,000'],
      ],
      plain,
    );
    expect(text).to.equal('  NAME   COUNT\n  a\\nb       1\n  c     20,000\n');
  });
});

describe('colours', () => {
  const bold = (stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): string => paintFor(stream, env)('bold', 'x');

  it('are for terminals that can show them, and for nobody with NO_COLOR', () => {
    expect(bold({ isTTY: true }, {})).to.equal('\u001b[1mx\u001b[22m');
    expect(bold({ isTTY: true }, { NO_COLOR: '' })).to.include('\u001b');
    for (const env of [{ NO_COLOR: '1' }, { NO_COLOR: '0', FORCE_COLOR: '1' }, { TERM: 'dumb' }])
      expect(bold({ isTTY: true }, env)).to.equal('x');
    expect(bold({}, { FORCE_COLOR: '1' })).to.equal('x');
  });
});

describe('time and size', () => {
  it('are told in the two largest units', () => {
    const spans: [number, string][] = [
      [0, '0 ms'],
      [999, '999 ms'],
      [1_250, '1.2 s'],
      [59_999, '59 s'],
      [192_000, '3 min 12 s'],
    ];
    for (const [ms, text] of [...spans, [3_600_000, '1 h'], [90_061_000, '1 d 1 h']] as [number, string][])
      expect(span(ms)).to.equal(text);
    expect([distance(500, 0), distance(61_000, 0), distance(0, 61_000)]).to.deep.equal([
      'just now',
      'in 1 min 1 s',
      '1 min 1 s ago',
    ]);
    expect([0, 1023, 1536, 5 * 1024 ** 3].map(bytesText)).to.deep.equal(['0 B', '1023 B', '1.5 KiB', '5.0 GiB']);
  });

  it('leave a moment that is none as it came', () => {
    expect(moment('2026-11-22T08:00:00.000Z')).to.equal('2026-11-22 08:00:00.000 UTC');
    expect([moment('soon'), momentAndDistance('soon', 0)]).to.deep.equal(['soon', 'soon']);
  });
});

describe('the reason of a failure', () => {
  it('is in words, also where node gives several errors and no message', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' });
    expect(reasonOf(new AggregateError([refused]))).to.equal('nothing listens there (connection refused)');
    expect(reasonOf(new Error('It broke.'))).to.equal('It broke');
    expect(reasonOf(Object.assign(new Error(''), { code: 'EODD' }))).to.equal('EODD');
    expect(reasonOf('odd')).to.equal('odd');
  });
});
