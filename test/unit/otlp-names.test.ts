// Owns the test that a collector makes of what is sent what /metrics shows: by the rules of OpenTelemetry for Prometheus
// (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/).
import { expect } from 'chai';
import { METRICS, type Metric, type MetricName } from '../../src/telemetry/catalogue.ts';
import { attributeOf, instrumentOf } from '../../src/telemetry/otlp-names.ts';

const SUFFIXES: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes', '1': '_ratio', '': '' };

function forPrometheus(name: string, unit: string, kind: Metric['kind']): string {
  const plain = name.replaceAll('.', '_');
  return `${plain}${SUFFIXES[unit] ?? ''}${kind === 'counter' ? '_total' : ''}`;
}

describe('the names that are sent by OTLP', () => {
  it('become those of the catalogue again', () => {
    for (const [name, { kind, labels }] of Object.entries<Metric>(METRICS)) {
      const sent = instrumentOf(name as MetricName);
      expect(forPrometheus(sent.name, sent.unit, kind)).to.equal(name);
      for (const label of labels) expect(attributeOf(label).replaceAll('.', '_')).to.equal(label);
    }
  });
});
