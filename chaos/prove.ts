// Owns the command `npm run chaos:prove`: every sabotage, on three seeds each (or those given), must be caught. Prints the table
// that docs/reliability.md shows.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT, runCommand, say } from './command.ts';
import { conduct } from './conductor.ts';
import { ignoredServers } from './local.ts';
import { type RunOptions, readOptions, WrongOption } from './options.ts';
import { SABOTAGES } from './sabotage/catalogue.ts';
import { catchesOf, isProven, type ProofResult, proofLine, proofTable } from './sabotage/proof.ts';

const USAGE = `npm run chaos:prove -- [--seeds 1,2,3] [--duration 45s] [--only NAME,NAME] [--out DIR]

  --only  some of ${Object.keys(SABOTAGES).join(', ')}

Exit code 0: each was caught on each seed. 1: one was not. 2: a run could not be made.`;

interface Proof {
  readonly options: RunOptions;
  readonly sabotage: NonNullable<RunOptions['sabotage']>;
  readonly folder: string;
}

async function main(stop: AbortSignal): Promise<number> {
  if (process.argv.includes('--help')) {
    console.log(USAGE);
    return EXIT.held;
  }
  const proofs = proofsAsked(process.argv.slice(2));
  ignoredServers(process.env).forEach(say);
  const results: ProofResult[] = [];
  for (const proof of proofs) {
    const result = await prove(proof, stop);
    results.push(result);
    say(proofLine(result));
  }
  console.log(proofTable(results));
  return results.every(isProven) ? EXIT.held : EXIT.broken;
}

/**
 * Every one of them is read before the first is begun.
 * @throws WrongOption
 */
function proofsAsked(args: readonly string[]): readonly Proof[] {
  const { seeds, duration, only, out } = parseOrExplain(args);
  return only.split(',').flatMap((name) =>
    seeds.split(',').map((seed) => {
      const options = readOptions(['--seed', seed, '--duration', duration, '--sabotage', name]);
      if (options.sabotage === null) throw new WrongOption('a proof needs a sabotage');
      return { options, sabotage: options.sabotage, folder: join(out, `${name}-${seed}`) };
    }),
  );
}

function parseOrExplain(args: readonly string[]) {
  const options = {
    seeds: { type: 'string', default: '1,2,3' },
    duration: { type: 'string', default: '45s' },
    only: { type: 'string', default: Object.keys(SABOTAGES).join(',') },
    out: { type: 'string', default: join('chaos-runs', 'proof') },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new WrongOption(error instanceof Error ? error.message : String(error));
  }
}

async function prove({ options, sabotage, folder }: Proof, stop: AbortSignal): Promise<ProofResult> {
  const { findings, report } = await conduct(options, folder, () => {}, stop);
  const { verdict, operations } = report;
  const { seed, durationMs } = options;
  return { sabotage, seed, durationMs, operations: operations.total, verdict, caughtBy: catchesOf(sabotage, findings) };
}

await runCommand(main, (error) => {
  if (error instanceof WrongOption) console.error(`${error.message}\n\n${USAGE}`);
  else console.error('a run could not be made:', error);
});
