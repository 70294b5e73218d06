// Owns the random batches whose outcome must not depend on the path they take: within one, nothing that frees stock meets
// something that runs short of it, and nothing decides on a deadline that comes while the batch is settled.
import fc from 'fast-check';
import type { CallOutcome, Command } from '../../src/coordinator/command.ts';
import type { BranchPhase, TransactionId } from '../../src/coordinator/model.ts';
import {
  branchesOf,
  cancelOf,
  confirmOf,
  expireOf,
  extendOf,
  type Line,
  movementId,
  moveOf,
  refundId,
  refundOf,
  replyOf,
  resolveOf,
  retryOf,
  transactionId,
  tryOf,
} from './commands.ts';

/** There is never too little of these. */
export const PLENTIFUL = ['plenty-1', 'plenty-2', 'plenty/3:x'] as const;
/** These run short all the time. */
export const SCARCE = ['scarce-1', 'scarce-2'] as const;
export const WAREHOUSE = 'north_1';
const UNKNOWN = 'never-stocked';

/** Its deadline has passed by the time of the next batch. */
const SOON_MS = 1;
const LATE_MS = 3_600_000;
/** The longest a batch with tiny deadlines needs to be followed by. */
export const PAUSE_MS = 4;

const TEXTS = ['', 'plain', 'a"b\\c', 'NULL', '{x,y}', 'it\'s, {"so"}', 'é 日本 🦊', '\\x41', '\t\n', ' ', '$1 %s --'] as const;
const anyText = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !text.includes('\0')),
);
const anyMetadata = fc.oneof(
  fc.constant(null),
  anyText.map((text) => JSON.stringify({ [text]: [text, { nested: null }], n: 1e21, z: true })),
  fc.constant('{ "spaced" :  "\\u00e9\\ud83e\\udd8a", "zero":"\\u0000", "lone":"\\ud800", "b":1, "a":1.50 }'),
);
const anyReply = fc.constantFrom('whole', 'minimal');

/** What the parts of a batch are made of, before what may not meet is taken out. */
export interface Part {
  readonly kind:
    | ('try' | 'try-without-id' | 'confirm' | 'confirm-part' | 'cancel' | 'expire' | 'extend' | 'refund' | 'move')
    | ('reply' | 'refusal' | 'retry' | 'resolve');
  readonly id: number;
  readonly lines: readonly Line[];
  readonly timeoutMs: number;
  readonly reference: string | null;
  readonly metadata: string | null;
  readonly reply: 'whole' | 'minimal';
  /** Of a Try with an id: its branches' participants. */
  readonly participants: readonly string[];
  /** Of a reply: of which branch. */
  readonly position: number;
  /** Of a reply: to what, under the fence that this mostly has. */
  readonly phase: BranchPhase;
  readonly outcome: CallOutcome;
  /** Whether it keeps to itself, rather than say what was said first about its id. */
  readonly isOther: boolean;
}

const anyLine: fc.Arbitrary<Line> = fc.tuple(
  fc.oneof(
    { weight: 15, arbitrary: fc.constantFrom(...PLENTIFUL, ...SCARCE, ...SCARCE) },
    { weight: 1, arbitrary: fc.constant(UNKNOWN) },
  ),
  fc.integer({ min: 1, max: 4 }),
  fc.constantFrom('default', 'default', 'default', WAREHOUSE),
);

const anyPart: fc.Arbitrary<Part> = fc.record({
  kind: fc.constantFrom<Part['kind']>(
    ...(['try', 'try', 'try', 'try', 'try', 'try-without-id', 'try-without-id', 'confirm', 'confirm', 'confirm'] as const),
    ...(['confirm-part', 'cancel', 'expire', 'extend', 'refund', 'refund', 'move'] as const),
    ...(['reply', 'reply', 'reply', 'reply', 'refusal', 'retry', 'resolve'] as const),
  ),
  id: fc.integer({ min: 1, max: 10 }),
  lines: fc.array(anyLine, { minLength: 1, maxLength: 4 }),
  timeoutMs: fc.constantFrom(SOON_MS, LATE_MS, LATE_MS, LATE_MS, LATE_MS),
  reference: fc.option(anyText),
  metadata: anyMetadata,
  reply: anyReply,
  participants: fc.constantFrom<readonly string[]>([], [], ['pay'], ['pay', 'points']),
  position: fc.integer({ min: 0, max: 1 }),
  phase: fc.constantFrom<BranchPhase>('try', 'try', 'confirm', 'cancel'),
  outcome: fc.constantFrom<CallOutcome>('done', 'done', 'done', 'failed', 'not-yet', 'not-sent'),
  isOther: fc.integer({ min: 0, max: 6 }).map((number) => number === 0),
});

export interface RandomBatch {
  readonly parts: readonly Part[];
  /** Tries and confirms alone: then stock may run short. */
  readonly isCrowd: boolean;
  /** Settled a second time, as after a lost answer. */
  readonly isRepeated: boolean;
  /** At its end, every participant that was ever asked answers well. */
  readonly isAnswered: boolean;
}

export const anyBatches: fc.Arbitrary<readonly RandomBatch[]> = fc.array(
  fc.record({
    parts: fc.array(anyPart, { minLength: 1, maxLength: 16 }),
    isCrowd: fc.boolean(),
    isRepeated: fc.boolean(),
    isAnswered: fc.boolean(),
  }),
  { minLength: 3, maxLength: 10 },
);

const PHASES = ['try', 'confirm', 'cancel'] as const;
const FREEING: ReadonlySet<Part['kind']> = new Set(['cancel', 'expire', 'confirm-part', 'refund', 'move', 'refusal']);

/**
 * Makes commands of one batch after the other, over ids that move on from batch to batch.
 * @param serial gives a number that was never given before
 */
export class BatchMaker {
  readonly #first = new Map<number, Part>();
  readonly #serial: () => number;
  #batches = 0;

  constructor(serial: () => number) {
    this.#serial = serial;
  }

  commandsOf({ parts, isCrowd, isAnswered }: RandomBatch): readonly Command[] {
    this.#batches += 1;
    const used = isCrowd ? parts.map((part) => (FREEING.has(part.kind) ? { ...part, kind: 'try' as const } : part)) : parts;
    const isFreeing = used.some((part) => FREEING.has(part.kind));
    const seen = new Set<number>();
    const soon = new Set<number>();
    const commands = used.flatMap((drawn) => {
      const part = this.#inTurn(drawn);
      const isAlone = part.kind === 'move' || part.kind === 'try-without-id';
      const isFirst = isAlone || !seen.has(part.id);
      if (!isAlone && soon.has(part.id)) return [];
      if (!isAlone) seen.add(part.id);
      if (part.kind === 'try' && part.timeoutMs === SOON_MS) soon.add(part.id);
      // What follows on an id is decided after its batch's other first commands: it must not compete with them.
      // So is a Try with branches.
      const isLater = !isFirst || (part.kind === 'try' && part.participants.length > 0);
      const mustNotCompete = part.kind.startsWith('try') && (isFreeing || isLater);
      return [commandOf(mustNotCompete ? { ...part, lines: part.lines.map(plentiful) } : part, this.#serial)];
    });
    return isAnswered ? [...commands, ...this.#answers(soon)] : commands;
  }

  #answers(soon: ReadonlySet<number>): readonly Command[] {
    const branched = [...this.#first].filter(([id, { participants }]) => participants.length > 0 && !soon.has(id));
    return branched.flatMap(([id, { participants }]) =>
      participants.flatMap((_, position) =>
        PHASES.map((phase) => replyOf(transactionId(id), position, phase, 'done', { fence: phase === 'try' ? 1 : 2 })),
      ),
    );
  }

  /** Moves the id on, and mostly repeats what was said first about it. */
  #inTurn(drawn: Part): Part {
    const id = drawn.id + 3 * this.#batches;
    const first = this.#first.get(id);
    if (first === undefined && drawn.kind === 'try') this.#first.set(id, drawn);
    return drawn.isOther || first === undefined ? { ...drawn, id } : { ...first, kind: drawn.kind, reply: drawn.reply, id };
  }
}

function plentiful([sku, quantity, warehouse]: Line): Line {
  const isScarce = SCARCE.some((scarce) => scarce === sku);
  return [isScarce ? PLENTIFUL[0] : sku, quantity, warehouse ?? 'default'];
}

function commandOf(part: Part, serial: () => number): Command {
  const id = transactionId(part.id);
  switch (part.kind) {
    case 'try':
      return fullTry(id, part, true);
    case 'try-without-id':
      return fullTry(transactionId(1000 + serial()), part, false);
    case 'confirm':
      return confirmOf(id, null, part.reply);
    case 'confirm-part':
      return confirmOf(id, part.lines, part.reply);
    case 'cancel':
      return cancelOf(id, part.reference, part.reply);
    case 'expire':
      return expireOf(id);
    case 'extend':
      return extendOf(id, LATE_MS);
    case 'reply':
    case 'refusal': {
      const outcome = part.kind === 'refusal' ? 'refused' : part.outcome;
      const phase = part.kind === 'refusal' ? 'try' : part.phase;
      return replyOf(id, part.position, phase, outcome, { fence: phase === 'try' ? 1 : 2 });
    }
    case 'retry':
      return retryOf(id);
    case 'resolve':
      return resolveOf(id, part.position, part.reply === 'whole' ? 'CONFIRMED' : 'CANCELLED');
    case 'refund': {
      const [first] = part.lines;
      return part.reply === 'whole'
        ? refundOf(id, null)
        : refundOf(id, refundId(part.timeoutMs), first === undefined ? null : [first], part.reference);
    }
    case 'move':
      return moveOf(movementId(1000 + serial()), 'RECEIVE', plentiful(part.lines[0] ?? [PLENTIFUL[0], 1]), {
        reason: part.reference,
      });
  }
}

/** A tiny deadline goes with an id by its number, so that repeats of a Try agree on it. */
function fullTry(id: TransactionId, part: Part, idGiven: boolean): Command {
  const { lines, timeoutMs, reference, metadata, reply } = part;
  const branches = idGiven ? branchesOf(id, ...part.participants) : [];
  return tryOf(id, lines, { timeoutMs, reference, metadata, reply, idGiven, branches });
}
