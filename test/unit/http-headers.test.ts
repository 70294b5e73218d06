// The reading of request headers and of lines of an import.
import { expect } from 'chai';
import fc from 'fast-check';
import { namesTag, parseMediaType, readIdempotencyKey, readIfMatch, readTraceparent, traceIdOf } from '../../src/http/headers.ts';
import { type Line, LineSplitter, MAX_LINE_BYTES } from '../../src/http/lines.ts';
import { appliedHeaders, readPreferences } from '../../src/http/preferences.ts';
import { depthFault, jsonFault } from '../../src/http/storable.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('headers', () => {
  it('name a trace where traceparent is well-formed; otherwise a new one begins', () => {
    expect(traceIdOf(`00-${TRACE}-00f067aa0ba902b7-01`)).to.equal(TRACE);
    expect(traceIdOf(`cc-${TRACE}-00f067aa0ba902b7-01-more`)).to.equal(TRACE);
    const malformed = [
      undefined,
      '',
      TRACE,
      `ff-${TRACE}-00f067aa0ba902b7-01`,
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
      `00-${TRACE}-${'0'.repeat(16)}-01`,
      `00-${TRACE}-00f067aa0ba902b7-01-more`,
      `00-${TRACE}-00f067aa0ba902b7-0g`,
      `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
    ];
    for (const text of malformed)
      expect(traceIdOf(text))
        .to.match(/^[0-9a-f]{32}$/)
        .and.not.equal(TRACE);
  });

  it('pass a traceparent on as one of version 00, without the flags that are not known', () => {
    expect(readTraceparent(`00-${TRACE}-00f067aa0ba902b7-01`)).to.equal(`00-${TRACE}-00f067aa0ba902b7-01`);
    expect(readTraceparent(`cc-${TRACE}-00f067aa0ba902b7-ff-more`)).to.equal(`00-${TRACE}-00f067aa0ba902b7-03`);
    for (const text of [undefined, '', `00-${TRACE}-00f067aa0ba902b7`, `00-${TRACE}-${'0'.repeat(16)}-01`])
      expect(readTraceparent(text), String(text)).to.equal(null);
  });

  it('say what is preferred, the first of a kind counting (RFC 7240)', () => {
    const yes = [
      'return=minimal',
      'Return = "minimal"',
      'wait=5, return=minimal',
      'respond-async,return=minimal; x=y',
      'return=MINIMAL',
    ];
    const no = [
      undefined,
      '',
      'return=representation',
      'return=representation, return=minimal',
      'return',
      'minimal',
      'x="return=minimal"',
    ];
    for (const text of yes) expect(readPreferences(text).reply, text).to.equal('minimal');
    for (const text of no) expect(readPreferences(text).reply, String(text)).to.equal('whole');
  });

  it('say how long to wait, in whole seconds up to 30; what is no such number says nothing', () => {
    const waits: readonly (readonly [string | undefined, number | null])[] = [
      ['wait=5', 5],
      ['Wait = "7"', 7],
      ['return=minimal, wait=0', 0],
      ['wait=30', 30],
      ['wait=31', 30],
      ['wait=99999999999999999999999', 30],
      ['wait=007', 7],
      ['wait=2;x=y, wait=3', 2],
      ['respond-async, wait=4', 4],
      // The first counts, also where it is none.
      ['wait=x, wait=3', null],
      [undefined, null],
      ['', null],
      ['wait', null],
      ['wait=', null],
      ['wait=-1', null],
      ['wait=+1', null],
      ['wait=1.5', null],
      ['wait=1e1', null],
      ['wait=0x1', null],
      ['wait=١', null],
      ['wait="5', null],
      ['waits=5', null],
      ['x="wait=5"', null],
    ];
    for (const [text, seconds] of waits) expect(readPreferences(text).waitS, String(text)).to.equal(seconds);
    expect(readPreferences('wait=5, return=minimal')).to.deep.equal({ reply: 'minimal', waitS: 5 });
  });

  it('are told which preferences were followed', () => {
    expect(appliedHeaders('whole', null)).to.deep.equal([]);
    expect(appliedHeaders('minimal', null)).to.deep.equal(['Preference-Applied', 'return=minimal']);
    expect(appliedHeaders('minimal', 0)).to.deep.equal(['Preference-Applied', 'return=minimal, wait=0']);
    expect(appliedHeaders('whole', 30)).to.deep.equal(['Preference-Applied', 'wait=30']);
  });

  it('carry an Idempotency-Key of 1 to 255 characters', () => {
    expect(readIdempotencyKey(undefined)).to.deep.equal({ ok: true, value: null });
    expect(readIdempotencyKey('k'.repeat(255)).ok).to.equal(true);
    expect(readIdempotencyKey('k'.repeat(256)).ok).to.equal(false);
    expect(readIdempotencyKey('').ok).to.equal(false);
  });

  it('name versions in If-Match, of which weak ones never match', () => {
    expect(readIfMatch(undefined)).to.deep.equal({ ok: true, value: null });
    expect(readIfMatch(' * ')).to.deep.equal({ ok: true, value: 'any' });
    expect(readIfMatch('"1-2", W/"1-3" ,"a,b"')).to.deep.equal({ ok: true, value: ['"1-2"', '"a,b"'] });
    expect(readIfMatch('W/"1-2"')).to.deep.equal({ ok: true, value: [] });
    for (const text of ['', 'x', '"a', '"a" "b"', '"a",', '*, "a"']) expect(readIfMatch(text).ok, text).to.equal(false);
  });

  it('name versions in If-None-Match, weak ones too', () => {
    for (const text of ['*', '"1-2"', 'W/"1-2"', '"x", "1-2"']) expect(namesTag(text, '"1-2"'), text).to.equal(true);
    for (const text of [undefined, '', '1-2', '"1-3"']) expect(namesTag(text, '"1-2"'), String(text)).to.equal(false);
  });

  it('take a Content-Type apart', () => {
    expect(parseMediaType('Application/JSON')).to.deep.equal({ name: 'application/json', charset: null });
    expect(parseMediaType('text/csv; header=present; Charset="UTF-8"')).to.deep.equal({ name: 'text/csv', charset: 'utf-8' });
  });
});

describe('lines of a stream', () => {
  const cut = (chunks: readonly Buffer[]): Line[] => {
    const splitter = new LineSplitter();
    return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.finish()];
  };

  it('are the same however the stream is cut into chunks', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '💥', '\n', '\r\n', ','), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(80), { maxLength: 6 }), (whole, cuts) => {
        const bytes = Buffer.from(whole);
        const places = [0, ...cuts.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((place, index) => bytes.subarray(places[index], place));
        const expected = whole.split('\n').map((line) => line.replace(/\r$/, ''));
        if (whole === '' || whole.endsWith('\n')) expected.pop();
        expect(cut(chunks).map((line) => line.text)).to.deep.equal(expected);
        expect(cut(chunks).map((line) => line.number)).to.deep.equal(expected.map((_, index) => index + 1));
      }),
    );
  });

  it('are marked where they are too long or not UTF-8, and those after them are whole', () => {
    const lines = cut([
      Buffer.from('x'.repeat(MAX_LINE_BYTES)),
      Buffer.from('\n'),
      Buffer.from('y'.repeat(MAX_LINE_BYTES + 1)),
      Buffer.from([0x0a, 0xff, 0x0a, 0x7a]),
    ]);
    expect(lines.map((line) => [line.text.length, line.fault])).to.deep.equal([
      [MAX_LINE_BYTES, null],
      [0, 'too-long'],
      [0, 'not-utf8'],
      [1, null],
    ]);
  });
});

describe('JSON to be stored', () => {
  it('is measured in bytes of its text', () => {
    expect(jsonFault({ a: 'é'.repeat(10) }, 28)).to.equal(null);
    expect(jsonFault({ a: 'é'.repeat(10) }, 27)).to.match(/at most 27 bytes/);
    expect(jsonFault(JSON.parse('['.repeat(300_000) + ']'.repeat(300_000)), 4096)).to.match(/at most/);
  });

  it('is measured by how deep it is nested, objects and arrays alike', () => {
    const nested = (levels: number): unknown => JSON.parse(`${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`);
    expect(depthFault(nested(500), 500)).to.equal(null);
    expect(depthFault(nested(502), 500)).to.match(/at most 500 levels/);
    for (const flat of [null, 1, 'text', [], {}, [1, [2], { a: 3 }]]) expect(depthFault(flat, 2)).to.equal(null);
  });
});
