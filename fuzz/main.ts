// Owns `npm run fuzz`: a run against a coordinator of its own, as long as is asked for. npm run fuzz -- [--requests N] [--seed N] [--operations]
import { parseArgs } from 'node:util';
import { undoEverything } from '../test/support/end.ts';
import { fuzzed } from './whole.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { requests: { ...text, default: '100000' }, seed: text, operations: { type: 'boolean' } },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
console.log(`${Number(values.requests).toLocaleString('en')} requests by the seed ${seed}`);
const { result, left, seconds } = await fuzzed({ seed, requests: Number(values.requests) });
console.log(`${result.done.toLocaleString('en')} done in ${seconds.toFixed(0)} s, answered ${JSON.stringify(result.statuses)}`);
for (const [operation, { asked, done }] of Object.entries(result.operations))
  if (values.operations === true || done === 0) console.log(`${operation}: ${done} of ${asked} done`);
for (const { number, what, request } of result.faults) console.log(`\nrequest ${number}: ${what}\n${request}`);
for (const fault of left) console.log(`\nafterwards: ${fault}`);
console.log(result.faults.length + left.length === 0 ? '\nNothing broke, and every invariant holds.' : '\nSomething broke.');
await undoEverything();
process.exitCode = result.faults.length + left.length === 0 ? 0 : 1;
