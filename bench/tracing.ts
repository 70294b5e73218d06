// Owns the bench of tracing: holdfast without it, with it at 10 % sampling, and (where a folder is given) as it was before, driven in
// turn with transactions of items alone. Besides requests/s it shows the processor's time for each request, which other work on the
// machine disturbs less. npm run bench:tracing -- [--rounds N] [--seconds N] [--before FOLDER] [--sampled SHARE] [--out FILE]
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect, createDatabase } from './database.ts';
import type { Load } from './load.ts';
import { type Measurement, median } from './measurement.ts';
import { type PrivateServers, startPrivateServers } from './private-servers.ts';
import { describeMachine, keep, table, verdictTable } from './report.ts';
import { measure, type Subject } from './session.ts';
import { stockHoldfast } from './stocking.ts';
import { startSystem } from './system.ts';
import { verdict } from './targets.ts';

const LOAD = { pattern: 'uniform', connections: 128, pauseMs: 0 } as const satisfies Partial<Load>;
/** Long enough for the code of spans to be compiled, too: one request in ten comes by there. */
const WARM_UP_SECONDS = 8;

type Name = 'before' | 'off' | 'on';

interface Run {
  readonly measurement: Measurement;
  /** Of the coordinator, for each request, in µs. */
  readonly processorUs: number;
}

type Round = Partial<Record<Name, Run>>;

/** It takes everything and keeps nothing: a real one would run elsewhere. */
async function startSink(): Promise<{ server: Server; url: string; received: () => number }> {
  let received = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received: () => received };
}

async function startSubject(
  name: Name,
  servers: PrivateServers,
  endpoint: string,
  before: string,
  share: string,
): Promise<Subject> {
  const database = await createDatabase(servers.postgresUrl, name);
  const tracing = {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: share,
  };
  const system = await startSystem('holdfast', database, servers.redisUrl, undefined, {
    ...(name === 'on' ? { env: tracing } : {}),
    ...(name === 'before' ? { entry: join(before, 'src', 'main.ts') } : {}),
  });
  await stockHoldfast(system.url);
  return { system, ledger: await connect(database), tried: 0, confirmed: 0 };
}

async function runOne(subject: Subject, seconds: number, round: number): Promise<Run> {
  const began = await subject.system.processorSeconds();
  const measurement = await measure(subject, { ...LOAD, seconds }, round);
  const used = (await subject.system.processorSeconds()) - began;
  return { measurement, processorUs: (used * 1e6) / (measurement.perSecond * seconds) };
}

const valuesOf = (rounds: readonly Round[], name: Name, pick: (run: Run) => number): number[] =>
  rounds.flatMap((round) => (round[name] === undefined ? [] : [pick(round[name])]));

/** The median of what one is of the other, within each round. */
function share(rounds: readonly Round[], name: Name, of: Name, pick: (run: Run) => number): number {
  return median(
    rounds.flatMap((round) => {
      const [one, other] = [round[name], round[of]];
      return one === undefined || other === undefined ? [] : [pick(one) / pick(other)];
    }),
  );
}

async function report(
  rounds: readonly Round[],
  names: readonly Name[],
  receivedBytes: number,
  out: string | undefined,
): Promise<void> {
  const perSecond = ({ measurement }: Run): number => measurement.perSecond;
  const processor = ({ processorUs }: Run): number => processorUs;
  const rows = names.map((name) => [
    name,
    Math.round(median(valuesOf(rounds, name, perSecond))).toLocaleString('en'),
    median(valuesOf(rounds, name, ({ measurement }) => measurement.p99Ms)).toFixed(1),
    median(valuesOf(rounds, name, processor)).toFixed(0),
    String(valuesOf(rounds, name, ({ measurement }) => measurement.unexpected).reduce((sum, value) => sum + value, 0)),
  ]);
  const verdicts = [
    verdict('tracing on: ≥ 0.9 × off, by requests/s', share(rounds, 'on', 'off', perSecond), ' ×', (x) => x >= 0.9),
    verdict('the same, by processor time for each request', 1 / share(rounds, 'on', 'off', processor), ' ×', (x) => x >= 0.9),
    verdict('tracing off: ≥ 0.95 × before, by requests/s', share(rounds, 'off', 'before', perSecond), ' ×', (x) => x >= 0.95),
    verdict(
      'the same, by processor time for each request',
      1 / share(rounds, 'off', 'before', processor),
      ' ×',
      (x) => x >= 0.95,
    ),
  ];
  console.log(`\n${table(['tracing', 'requests/s', 'p99 ms', 'processor µs a request', 'unexpected'], rows)}\n`);
  console.log(`${verdictTable(verdicts)}\n`);
  console.log(`The collector was sent ${Math.round(receivedBytes / 1024)} KiB.`);
  const result = { date: new Date().toISOString(), machine: describeMachine(), rounds, verdicts };
  console.log(`I1–I3 held after every run. Written to ${await keep('tracing', result, out)}`);
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      rounds: { ...text, default: '7' },
      seconds: { ...text, default: '3' },
      sampled: { ...text, default: '0.1' },
      before: text,
      out: text,
    },
  });
  const names: readonly Name[] = values.before === undefined ? ['off', 'on'] : ['before', 'off', 'on'];
  const [servers, sink] = await Promise.all([startPrivateServers(), startSink()]);
  const subjects = new Map<Name, Subject>();
  try {
    for (const name of names)
      subjects.set(name, await startSubject(name, servers, sink.url, values.before ?? '', values.sampled));
    for (const subject of subjects.values()) await runOne(subject, WARM_UP_SECONDS, -1);
    const rounds: Round[] = [];
    for (let number = 0; number < Number(values.rounds); number += 1) {
      const round: Round = {};
      // The order turns around every round, so that none of the neighbours always comes first.
      for (const [name, subject] of number % 2 === 0 ? subjects : [...subjects].toReversed())
        round[name] = await runOne(subject, Number(values.seconds), number);
      rounds.push(round);
    }
    await report(rounds, names, sink.received(), values.out);
  } finally {
    for (const subject of subjects.values()) {
      await subject.ledger?.end();
      await subject.system.stop();
    }
    sink.server.closeAllConnections();
    sink.server.close();
    await servers.stop();
  }
}

await main();
