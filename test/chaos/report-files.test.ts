// Owns the proof of the report's files: that each can be read by what reads such files, whatever was recorded, and that they stay small.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeReports } from '../../chaos/report/report.ts';
import { type Report, summarize } from '../../chaos/report/summary.ts';
import { makeFolderForTheRun } from '../support/folder.ts';
import { answer, evidenceOf, fault, finding, madeUpRun, period, sentAt } from './made-up-run.ts';

describe("the report's files", () => {
  const HOSTILE = `<script>"&'</script>\u0000\u0008\ud800]]>`;
  let folder = '';
  let report: Report;
  let [json, junit, html] = ['', '', ''];

  before(async () => {
    folder = await makeFolderForTheRun();
    const evidence = madeUpRun(60_000, 3_000);
    const hostileFault = { ...fault(HOSTILE, 20_000, 25_000), target: HOSTILE, note: HOSTILE };
    report = summarize(
      {
        ...evidence,
        run: { ...evidence.run, sabotage: HOSTILE, leftOut: [{ kind: HOSTILE, why: HOSTILE }], participants: [HOSTILE] },
        operations: [...evidence.operations, sentAt(1, { outcome: answer(400, HOSTILE) })],
        faults: [...evidence.faults, hostileFault],
        periods: [...evidence.periods, { ...period('faults', 20_000, 25_000), faults: [HOSTILE] }],
      },
      [
        finding('I1'),
        finding('I6', { title: HOSTILE, violations: 3, detail: HOSTILE, examples: [HOSTILE, 'second'] }),
        finding('I9', { examined: 0, detail: '' }),
      ],
    );
    await writeReports(folder, report);
    [json, junit, html] = (await Promise.all(
      ['report.json', 'junit.xml', 'report.html'].map((name) => readFile(join(folder, name), 'utf8')),
    )) as [string, string, string];
  });

  it('hold the report itself as JSON', () => {
    expect(JSON.parse(json)).to.deep.equal(JSON.parse(JSON.stringify(report)));
    expect(report.invariants.map(({ id, held }) => [id, held])).to.deep.equal([
      ['I1', true],
      ['I6', false],
      ['I9', false],
    ]);
  });

  it('hold a JUnit suite in which each finding is a case, and what broke or examined nothing has failed', () => {
    assertWellFormed(junit.replace(/^<\?xml .*\?>\n/, ''));
    expect(junit).to.include('tests="3" failures="2" errors="0"');
    expect(junit).to.include('<property name="seed" value="4"/>');
    expect(junit.match(/<testcase /g)).to.have.length(3);
    const escaped = '&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;\ufffd\ufffd\ufffd]]&gt;';
    expect(junit).to.include(
      `<failure type="broken" message="3 violations in 1000 examined">${escaped}\n${escaped}\nsecond</failure>`,
    );
    expect(junit).to.include('<failure type="not examined" message="nothing was examined"></failure>');
  });

  it('hold a page in which nothing that was recorded is markup, and that needs nothing from outside', () => {
    const body = html.slice(html.indexOf('<body>')).replace('</html>', '');
    assertWellFormed(body);
    expect(html).to.not.include('<script');
    expect(html).to.not.match(/(src|href|srcset)=|url\(|@import|https?:/);
  });

  it('draw every fault and every step, and name the drawing for those who cannot see it', () => {
    expect(html.match(/<g class="fault">/g)).to.have.length(report.faults.length);
    expect(html.match(/class="hint"/g)).to.have.length(report.course.steps.length);
    expect(html).to.match(/<svg [^>]*role="img" aria-labelledby="timeline-title timeline-description">/);
    expect(html).to.include('<title id="timeline-title">').and.include('<desc id="timeline-description">');
    expect(html).to.not.match(/NaN|Infinity|undefined|\[object/);
  });

  it('stay small for a run of half an hour, and are whole for one of nothing', async () => {
    await writeReports(folder, summarize(madeUpRun(1_800_000, 20_000), [finding('I1')]));
    expect((await readFile(join(folder, 'report.html'), 'utf8')).length).to.be.below(1_000_000);
    await writeReports(folder, summarize(evidenceOf({}), []));
    const page = await readFile(join(folder, 'report.html'), 'utf8');
    expect(page)
      .to.include('not examined: nothing was checked')
      .and.not.match(/NaN|Infinity|undefined/);
  });
});

/** A strict reader's rules, as far as what is written here could break them: every tag is closed, nothing stands bare. */
function assertWellFormed(text: string): void {
  const open: string[] = [];
  const outside = text.replace(/<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g, (_, end, name, __, empty) => {
    if (end !== '') expect(name).to.equal(open.pop());
    else if (empty === '') open.push(name);
    return '';
  });
  expect(open).to.deep.equal([]);
  expect(outside).to.not.match(/[<>]/);
  expect(text).to.not.match(/&(?!(?:amp|lt|gt|quot|#39|#13);)/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  expect(text).to.not.match(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/u);
}
