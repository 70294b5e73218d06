// Owns running Prometheus's own checks of what grafana/prometheus holds: the syntax of rules and configuration, and the proof that
// each alert fires when it should and stays quiet when it should.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { runTool, toolOrSkip } from '../support/tools.ts';
import { GRAFANA, RULES, rules } from '../support/watching.ts';

const PROMETHEUS = join(GRAFANA, 'prometheus');
const TESTS = join(PROMETHEUS, 'tests');

interface RuleTest {
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly object[] }[];
}

const testFiles = (): string[] => readdirSync(TESTS).map((file) => join(TESTS, file));

describe('the rules of Prometheus', function () {
  // Days of samples, on a machine that may be busy.
  this.timeout(240_000);
  let promtool = '';

  before(function () {
    promtool = toolOrSkip(this, 'promtool', 'prometheus');
  });

  it('are rules, and the configuration that names them is one', () => {
    const files = readdirSync(RULES).map((file) => join(RULES, file));
    const checked = [
      runTool(promtool, ['check', 'rules', ...files]),
      // Its key stands in a file of the container alone.
      runTool(promtool, ['check', 'config', '--syntax-only', join(PROMETHEUS, 'prometheus.yml')]),
    ];
    for (const { status, output } of checked) expect(status, output).to.equal(0);
  });

  it('fire, each alert, and stay quiet', () => {
    const { status, output } = runTool(promtool, ['test', 'rules', ...testFiles()]);
    expect(status, output).to.equal(0);
  });

  it('are all put to that test, both ways', () => {
    const cases = testFiles().flatMap((file) => (parse(readFileSync(file, 'utf8')) as { tests: readonly RuleTest[] }).tests);
    const checks = cases.flatMap((one) => one.alert_rule_test);
    const named = (isQuiet: boolean): Set<string> =>
      new Set(checks.filter((check) => (check.exp_alerts.length === 0) === isQuiet).map(({ alertname }) => alertname));
    const alerts = new Set(rules().flatMap(({ alert }) => alert ?? []));
    expect(named(false)).to.deep.equal(alerts);
    expect(named(true)).to.deep.equal(alerts);
  });
});
