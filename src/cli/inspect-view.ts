// Owns how a transaction reads to a person: what became of it and why, when, what it holds, and what happened in which order.
import type { Transaction } from './answers.ts';
import { distance, moment, momentAndDistance, span } from './moments.ts';
import { type Colour, grouped, type Paint, table, visible, visibleJson } from './text.ts';

const MEANINGS: Readonly<Record<string, string>> = {
  TRYING: 'its participants are being asked',
  TRIED: 'its stock is held until somebody decides',
  CONFIRMING: 'decided; its participants are being told',
  CANCELLING: 'decided; its participants are being told',
};
const REASONS: Readonly<Record<string, string>> = {
  requested: 'somebody asked for it',
  expired: 'nobody decided before the deadline',
  'insufficient-stock': 'there was not enough stock, and nothing was held',
  'participant-refused': 'a participant refused',
  'cancelled-before-try': 'the cancel came before any Try',
};
const COLOURS: Readonly<Record<string, Colour>> = { CONFIRMED: 'green', CANCELLED: 'red' };
/** While one of these, the deadline still decides something. */
const UNDECIDED = new Set(['TRYING', 'TRIED']);
/** Longer metadata is spread over several lines. */
const ONE_LINE_CHARACTERS = 90;

/** @param nowMs by the coordinator's clock */
export function transactionText(transaction: Transaction, nowMs: number, paint: Paint): string {
  const parts = [
    `${paint('bold', `Transaction ${visible(transaction.id)}`)}\n`,
    factsText(transaction, nowMs, paint),
    itemsText(transaction, paint),
    branchesText(transaction, nowMs, paint),
    timelineText(transaction, nowMs, paint),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function factsText(transaction: Transaction, nowMs: number, paint: Paint): string {
  const { reference, metadata, note } = transaction;
  const facts: (readonly [string, string])[] = [
    ['State', stateText(transaction, paint)],
    ['Since', visible(momentAndDistance(sinceOf(transaction), nowMs))],
    ['Deadline', visible(deadlineText(transaction, nowMs))],
    ['Created', visible(momentAndDistance(transaction.createdAt, nowMs))],
    ['Changed', visible(momentAndDistance(transaction.updatedAt, nowMs))],
    ['Reference', reference === null ? paint('dim', 'none') : visible(reference)],
    ['Metadata', metadata === null ? paint('dim', 'none') : metadataText(metadata)],
  ];
  if (note !== null) facts.push(['Note', visible(note)]);
  if (transaction.needsAttention) facts.push(['Attention', paint('red', 'this one needs an operator')]);
  return facts.map(([name, text]) => `  ${paint('dim', name.padEnd(9))}  ${text}\n`).join('');
}

function stateText(transaction: Transaction, paint: Paint): string {
  const { state, reason } = transaction;
  const shown = paint(COLOURS[state] ?? 'yellow', visible(state));
  const meaning = state === 'CONFIRMED' ? saleText(transaction) : MEANINGS[state];
  if (reason === null) return meaning === undefined ? shown : `${shown}: ${meaning}`;
  return `${shown}, ${visible(reason)}${REASONS[reason] === undefined ? '' : `: ${REASONS[reason]}`}`;
}

/** What of a confirmed basket was sold and stayed so. */
function saleText({ items }: Transaction): string {
  const isPartial = items.some(({ quantity, deducted }) => deducted < quantity);
  const sold = isPartial ? 'sold in part, the rest released' : 'sold';
  if (!items.some(({ refunded }) => refunded > 0)) return sold;
  return `${sold}; ${items.every(({ deducted, refunded }) => refunded === deducted) ? 'refunded since' : 'refunded in part since'}`;
}

/** When it came to the state it is in: `updatedAt` moves on with refunds and extends. */
function sinceOf({ state, history, updatedAt }: Transaction): string {
  // Branches have states of the same names; their events name the branch.
  const own = history.filter(({ detail }) => detail?.branchId === undefined);
  return own.findLast(({ from, to }) => to === state && from !== state)?.at ?? updatedAt;
}

function deadlineText({ state, expiresAt, reason }: Transaction, nowMs: number): string {
  const deadlineMs = Date.parse(expiresAt);
  if (Number.isNaN(deadlineMs)) return expiresAt;
  if (!UNDECIDED.has(state))
    return `${moment(expiresAt)}, ${reason === 'expired' ? 'passed' : 'no longer of interest: it is decided'}`;
  if (deadlineMs > nowMs) return `${moment(expiresAt)}, ${span(deadlineMs - nowMs)} left`;
  return `${moment(expiresAt)}, passed ${distance(deadlineMs, nowMs)}: its release is due`;
}

function metadataText(metadata: Readonly<Record<string, unknown>>): string {
  const oneLine = visible(JSON.stringify(metadata));
  return oneLine.length <= ONE_LINE_CHARACTERS ? oneLine : visibleJson(metadata).replaceAll('\n', '\n             ');
}

function itemsText({ items }: Transaction, paint: Paint): string {
  if (items.length === 0) return `${paint('bold', 'Items')}\n  none\n`;
  const columns = [
    { title: 'SKU' },
    { title: 'WAREHOUSE' },
    { title: 'STATE' },
    { title: 'QUANTITY', align: 'right' as const },
    { title: 'SOLD', align: 'right' as const },
    { title: 'REFUNDED', align: 'right' as const },
  ];
  const rows = items.map(({ sku, warehouse, state, quantity, deducted, refunded }) => [
    ...[sku, warehouse, state],
    ...[quantity, deducted, refunded].map(grouped),
  ]);
  return `${paint('bold', 'Items')}\n${table(columns, rows, paint)}`;
}

function branchesText({ branches }: Transaction, nowMs: number, paint: Paint): string {
  if (branches.length === 0) return '';
  const columns = [
    { title: 'PARTICIPANT' },
    { title: 'STATE' },
    { title: 'ASKED TO' },
    { title: 'ATTEMPTS', align: 'right' as const },
    { title: 'NEXT ATTEMPT' },
    { title: 'BRANCH' },
    { title: 'LAST ERROR' },
  ];
  const rows = branches.map((branch) => [
    ...[branch.participant, branch.state, branch.phase ?? '', grouped(branch.attempts)],
    nextAttemptText(branch, nowMs),
    ...[branch.id, branch.lastError ?? ''],
  ]);
  return `${paint('bold', 'Branches')}\n${table(columns, rows, paint)}`;
}

function nextAttemptText({ phase, nextAttemptAt, needsAttention }: Transaction['branches'][number], nowMs: number): string {
  const isAsked = phase !== null && phase !== undefined;
  const next = nextAttemptAt !== null ? distanceOf(nextAttemptAt, nowMs) : isAsked ? 'under way' : '';
  return needsAttention === true ? `${next}${next === '' ? '' : '; '}needs an operator` : next;
}

function distanceOf(text: string, nowMs: number): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? text : distance(ms, nowMs);
}

function timelineText({ history, createdAt }: Transaction, nowMs: number, paint: Paint): string {
  if (history.length === 0) return '';
  const startMs = Date.parse(createdAt);
  const columns = [
    { title: 'WHEN' },
    { title: 'AFTER', align: 'right' as const },
    { title: 'AGO' },
    { title: 'EVENT' },
    { title: 'STATE' },
    { title: '' },
  ];
  const rows = history.map(({ at, event, from, to, detail }) => {
    const afterMs = Date.parse(at) - startMs;
    return [
      moment(at),
      afterMs > 0 ? span(afterMs) : '',
      distanceOf(at, nowMs),
      event,
      from === null || from === to ? to : `${from} → ${to}`,
      detail === undefined ? '' : detailText(detail),
    ];
  });
  return `${paint('bold', 'Timeline')}\n${table(columns, rows, paint)}`;
}

function detailText(detail: Readonly<Record<string, unknown>>): string {
  const { items, ...rest } = detail;
  const basket = items === undefined ? [] : [basketText(items)];
  const others = Object.entries(rest)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${plainText(value)}`);
  return [...basket, ...others].join('; ');
}

/** `2 × SKU-1 in default`, joined by commas; whatever else stands there, as JSON. */
function basketText(items: unknown): string {
  if (!Array.isArray(items)) return plainText(items);
  return items
    .map((item: unknown) => {
      const { sku, warehouse, quantity }: Record<string, unknown> = Object(item);
      return typeof sku === 'string' && typeof quantity === 'number'
        ? `${grouped(quantity)} × ${sku} in ${warehouse}`
        : plainText(item);
    })
    .join(', ');
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
