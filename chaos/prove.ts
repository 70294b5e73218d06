// Owns the command `npm run chaos:prove`: every sabotage, on three seeds each (or those given), must be caught. Prints the table
// that docs/reliability.md shows.
// npm run chaos:prove -- [--seeds 1,2,3] [--duration 45s] [--only NAME,NAME] [--out DIR]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { undoEverything } from '../test/support/end.ts';
import { conduct } from './conductor.ts';
import { readOptions } from './options.ts';
import { SABOTAGES } from './sabotage/catalogue.ts';
import { catchesOf, isProven, type ProofResult, proofLine, proofTable } from './sabotage/proof.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    duration: { type: 'string', default: '45s' },
    only: { type: 'string', default: Object.keys(SABOTAGES).join(',') },
    out: { type: 'string', default: join('chaos-runs', 'proof') },
  },
});
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());

async function proveAll(): Promise<number> {
  const results: ProofResult[] = [];
  for (const name of values.only.split(',')) {
    for (const seed of values.seeds.split(',')) {
      const result = await prove(name, seed);
      results.push(result);
      console.error(proofLine(result));
    }
  }
  console.log(proofTable(results));
  return results.every(isProven) ? 0 : 1;
}

async function prove(name: string, seed: string): Promise<ProofResult> {
  const options = readOptions(['--seed', seed, '--duration', values.duration, '--sabotage', name]);
  const { sabotage, durationMs } = options;
  if (sabotage === null) throw new Error('a proof needs a sabotage');
  const { findings, report } = await conduct(options, join(values.out, `${name}-${seed}`), () => {}, stop.signal);
  const { verdict, operations } = report;
  return {
    sabotage,
    seed: options.seed,
    durationMs,
    operations: operations.total,
    verdict,
    caughtBy: catchesOf(sabotage, findings),
  };
}

try {
  process.exitCode = await proveAll();
} catch (error) {
  console.error('a run could not be made:', error);
  process.exitCode = 2;
} finally {
  await undoEverything();
}
process.exit();
