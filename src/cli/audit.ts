// Owns `holdfast audit verify`: it holds the chain of audited acts against the entries as they are stored.
import { verifyAudit } from '../access/verify.ts';
import { PostgresAudit } from '../ledger/audit.ts';
import { EXIT, Failure, type Outcome } from './failure.ts';
import { onLedger } from './ledger.ts';
import { counted } from './text.ts';

const HEAD = /^(\d{1,15}):([0-9a-f]{64})$/;

/** @param noted `NUMBER:HASH` of a link that an earlier check told, to find out whether the chain was cut off or made anew */
export async function verify(databaseUrl: string, noted: string | undefined, json?: boolean): Promise<Outcome> {
  const [, number, hash] = HEAD.exec(noted ?? '') ?? [];
  if (noted !== undefined && hash === undefined)
    throw new Failure(
      EXIT.usage,
      '--since must be the head that an earlier check told: a number, a colon, and 64 hexadecimal digits.',
    );
  const known = hash === undefined ? null : { number: Number(number), hash };
  const found = await onLedger(databaseUrl, (pool) => new PostgresAudit(pool).read((reading) => verifyAudit(reading, known)));
  const { faults, links, entries, pending, head } = found;
  const exitCode = faults.length === 0 ? EXIT.done : EXIT.failed;
  if (json === true) return { text: `${JSON.stringify(found)}\n`, exitCode };
  if (faults.length > 0) return { text: `The audit is not whole:\n${faults.map((fault) => `  ${fault}\n`).join('')}`, exitCode };
  const what = `${counted(entries, 'entry', 'entries')} in ${counted(links, 'link', 'links')}; ${pending} not yet in one`;
  return { text: `The audit is whole: ${what}.\nHead: ${head.number}:${head.hash}\n`, exitCode };
}
