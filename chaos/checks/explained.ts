// Owns the check of one conversation against the life of its transaction: every answer is legal and shows a stage that could be seen
// between the request's sending and its answer. So what was told once is never taken back: to a request sent after an answer has
// ended, no earlier stage can be shown.
import type { OperationRecord } from '../record.ts';
import { isContentOf } from './content.ts';
import type { Conversation } from './conversations.ts';
import { type Answer, isBusy, type LegalAnswer, legalAnswerOf, type Question } from './legal-answers.ts';
import { CLOCK_SLACK_MS, type LatestCommit } from './moments.ts';
import { membersOf, toldTransaction } from './told.ts';
import type { Stage } from './transaction-life.ts';

/** An answer, and at which stages it may be given. */
interface Heard {
  readonly question: Question;
  readonly legal: LegalAnswer;
  /** Places in the life, ascending. */
  readonly shown: readonly number[];
}

export interface Explained {
  /** By when each stage had been stored for certain: it was told by then, or would not have been committed any more. */
  readonly storedByMs: readonly number[];
  /** Which operation led to which stage, by its place, where the answer said so. */
  readonly makers: ReadonlyMap<number, OperationRecord>;
  /** How many answers were examined. */
  readonly answers: number;
}

/** @param violate hears what cannot have been, and when it was told */
export function explain(
  conversation: Conversation,
  latestCommit: LatestCommit,
  violate: (text: string, atMs: number) => void,
): Explained {
  const { life } = conversation;
  const heard: Heard[] = [];
  let answers = 0;
  for (const operation of conversation.operations) {
    const { outcome } = operation;
    if (outcome.kind !== 'answer') continue;
    answers += 1;
    const question = questionOf(conversation, operation, outcome);
    const legal = legalAnswerOf(question);
    if (legal === undefined) violate(`${describe(operation)}, which is no legal answer`, operation.endedMs);
    else if (!isBusy(outcome)) {
      const shown = placesWhere(life, (stage) => legal.shows(stage, question));
      if (shown.length === 0) violate(`${describe(operation)}, which it never was: ${tellLife(life)}`, operation.endedMs);
      else heard.push({ question, legal, shown });
    }
  }
  const storedByMs = storedBy(life, heard, latestCommit);
  const makers = new Map<number, OperationRecord>();
  for (const each of heard) examine(each, life, storedByMs, makers, violate);
  return { storedByMs, makers, answers };
}

/**
 * By when each stage had been stored for certain. An answer that can only be given at a stage, or later, tells that it is there. It
 * is not there before its own stamp, whatever was told: that answer is a violation, and those that rightly knew nothing are not.
 */
function storedBy(life: readonly Stage[], heard: readonly Heard[], latestCommit: LatestCommit): number[] {
  const storedByMs = life.map(({ fromMs }) => latestCommit(fromMs));
  for (const { question, shown } of heard) {
    const first = shown[0] ?? 0;
    storedByMs[first] = Math.min(storedByMs[first] ?? Number.POSITIVE_INFINITY, question.operation.endedMs);
  }
  for (let place = life.length - 2; place >= 0; place -= 1) {
    storedByMs[place] = Math.min(
      storedByMs[place] ?? Number.POSITIVE_INFINITY,
      storedByMs[place + 1] ?? Number.POSITIVE_INFINITY,
    );
  }
  return storedByMs.map((ms, place) => Math.max(ms, life[place]?.fromMs ?? ms));
}

function examine(
  { question, legal, shown }: Heard,
  life: readonly Stage[],
  storedByMs: readonly number[],
  makers: Map<number, OperationRecord>,
  violate: (text: string, atMs: number) => void,
): void {
  const { operation, answer } = question;
  const { sentMs, endedMs } = operation;
  // Stored already when it was told, and not yet replaced for certain when it was asked.
  const isVisible = (place: number): boolean =>
    (life[place]?.fromMs ?? 0) <= endedMs + CLOCK_SLACK_MS &&
    (storedByMs[place + 1] ?? Number.POSITIVE_INFINITY) >= sentMs - CLOCK_SLACK_MS;
  if (!shown.some(isVisible)) {
    const isEarly = shown.every((place) => (life[place]?.fromMs ?? 0) > endedMs + CLOCK_SLACK_MS);
    const why = isEarly ? 'before that was stored' : 'though it was known to have gone on by then';
    violate(`${describe(operation)}, ${why}: ${tellLife(life, sentMs)}`, endedMs);
    return;
  }
  const { makes } = legal;
  if (answer.replayed || makes === undefined) return;
  const made = placesWhere(life, (stage) => makes(stage, question) && isBetween(stage.fromMs, operation));
  const free = made.find((place) => !makers.has(place));
  if (free !== undefined) makers.set(free, operation);
  else {
    const other = makers.get(made[0] ?? -1);
    const why = other === undefined ? 'but what it says was done then was not' : `as was operation ${other.number}`;
    violate(`${describe(operation)} as the first of its kind, ${why}: ${tellLife(life, sentMs)}`, endedMs);
  }
}

/** Whether the database's clock stood between the sending and the answer, as it must in a change that the answer tells of. */
export function isBetween(atMs: number, { sentMs, endedMs }: Pick<OperationRecord, 'sentMs' | 'endedMs'>): boolean {
  return atMs >= sentMs - CLOCK_SLACK_MS && atMs <= endedMs + CLOCK_SLACK_MS;
}

function questionOf({ row }: Conversation, operation: OperationRecord, answer: Answer): Question {
  const isSame = operation.kind === 'try' && row !== undefined ? isContentOf(operation.asked, row) : null;
  return { operation, answer, told: toldTransaction(answer.body), row, isSame };
}

function placesWhere(life: readonly Stage[], isWanted: (stage: Stage) => boolean): number[] {
  const places: number[] = [];
  life.forEach((stage, place) => {
    if (isWanted(stage)) places.push(place);
  });
  return places;
}

/** `operation 12, confirm of 0193…, was told 200 CONFIRMED (replayed)` */
export function describe({ number, kind, transactionId, asked, outcome }: OperationRecord): string {
  const about = transactionId ?? asked.id ?? asked.sku;
  const subject = `operation ${number}, ${kind}${about === undefined ? '' : ` of ${about}`}`;
  if (outcome.kind === 'unknown') return `${subject}, was told nothing (${outcome.why})`;
  const { state } = membersOf(outcome.body);
  const words = [outcome.status, outcome.code, state, outcome.replayed ? '(replayed)' : null];
  return `${subject}, was told ${words.filter((word) => typeof word === 'string' || typeof word === 'number').join(' ')}`;
}

/** @param sinceMs from when the times are counted */
function tellLife(life: readonly Stage[], sinceMs?: number): string {
  return life
    .map(({ state, reason, fromMs }) => {
      const since =
        sinceMs === undefined || fromMs === Number.NEGATIVE_INFINITY
          ? ''
          : ` ${Math.round(fromMs - sinceMs)} ms after it was sent`;
      return `${state}${reason === null ? '' : ` (${reason})`}${since}`;
    })
    .join(', ');
}
