// Owns one transaction: where it stands and why, what happens next, its story, and what an operator can do about it.

import { act } from './act.js';
import { ask } from './api.js';
import { facts, h, table } from './dom.js';
import { attention, badge, count, duration, exact, skuLink, when } from './format.js';
import { heading, part } from './view.js';

const EVERY_MS = 3_000;
const ENDED = ['CONFIRMED', 'CANCELLED'];

/**
 * @param {import('./view.js').Stage} stage
 * @param {string} id
 */
export function transaction(stage, id) {
  const shown = part(
    stage,
    (signal) => ask(`/console/api/transactions/${encodeURIComponent(id)}`, { signal }),
    (content) => draw(content, () => shown.refresh()),
    { everyMs: EVERY_MS },
  );
  stage.main.append(heading(`Transaction ${id}`), shown.element);
}

/**
 * @param {any} content
 * @param {() => void} refresh
 */
function draw(content, refresh) {
  const { transaction: one, history, branches, next } = content;
  return [
    h(
      'div',
      { class: 'row' },
      badge(one.state),
      one.needsAttention ? attention() : null,
      one.reason === null ? null : h('span', { class: 'quiet' }, `because ${one.reason}`),
      acts(one, branches, refresh),
    ),
    h('p', { class: `notice${one.needsAttention ? ' warn' : ''}` }, h('strong', {}, 'What happens next: '), next),
    h(
      'section',
      { class: 'card' },
      facts([
        ['Reference', one.reference],
        ['Note', one.note],
        ['Made', when(one.createdAt)],
        ['Deadline', when(one.expiresAt)],
        ['Last change', when(one.updatedAt)],
        ['Metadata', one.metadata === null ? null : h('pre', {}, JSON.stringify(one.metadata, null, 2))],
      ]),
    ),
    h('h2', {}, 'Items'),
    items(one.items),
    branches.length === 0
      ? null
      : [
          h('h2', {}, 'Branches'),
          h(
            'div',
            { class: 'stack' },
            branches.map((/** @type {any} */ branch) => branchCard(branch, one, refresh)),
          ),
        ],
    h('h2', {}, 'Story'),
    history.length === 0
      ? h('p', { class: 'quiet' }, 'Its history has been removed by retention, or it has none.')
      : h('ol', { class: 'timeline' }, history.map(event)),
  ];
}

/** @param {any} one @param {any[]} branches @param {() => void} refresh */
function acts(one, branches, refresh) {
  const waits = branches.some((branch) => branch.nextAttemptAt !== null);
  const isOpen = one.state === 'TRYING' || one.state === 'TRIED';
  return h(
    'div',
    { class: 'row' },
    waits ? h('button', { type: 'button', click: () => act({ kind: 'retry', id: one.id, done: refresh }) }, 'Retry now') : null,
    isOpen
      ? h(
          'button',
          { type: 'button', class: 'danger', click: () => act({ kind: 'cancel', id: one.id, done: refresh }) },
          'Cancel…',
        )
      : null,
  );
}

/** @param {any[]} all */
function items(all) {
  return table(
    'Items',
    [
      'SKU',
      'Warehouse',
      { text: 'Quantity', number: true },
      'State',
      { text: 'Deducted', number: true },
      { text: 'Refunded', number: true },
    ],
    all.map((item) => [
      skuLink(item.sku),
      item.warehouse,
      count(item.quantity),
      badge(item.state),
      count(item.deducted),
      count(item.refunded),
    ]),
    { empty: 'No items.' },
  );
}

/** @param {any} branch @param {any} one @param {() => void} refresh */
function branchCard(branch, one, refresh) {
  const mayResolve =
    (one.state === 'CONFIRMING' || one.state === 'CANCELLING') && !['CONFIRMED', 'CANCELLED'].includes(branch.state);
  const doing = branch.underWay ? 'being asked now' : branch.nextAttemptAt === null ? null : when(branch.nextAttemptAt);
  return h(
    'article',
    { class: 'card' },
    h(
      'div',
      { class: 'row ends' },
      h(
        'div',
        { class: 'row' },
        h('h3', {}, branch.participant),
        badge(branch.state),
        branch.needsAttention ? attention() : null,
        branch.resolved ? h('span', { class: 'state plain' }, 'settled by an operator') : null,
      ),
      mayResolve
        ? h(
            'button',
            { type: 'button', class: 'danger', click: () => act({ kind: 'resolve', id: one.id, branch, done: refresh }) },
            'Resolve…',
          )
        : null,
    ),
    facts([
      ['Phase', branch.phase],
      ['Attempts in it', count(branch.attempts)],
      ['Asked next', doing],
      ['Last error', branch.lastError],
      ['Branch', h('span', { class: 'id' }, branch.id)],
      ['Trace', branch.traceId === null ? null : h('span', { class: 'id' }, branch.traceId)],
    ]),
    branch.log.length === 0
      ? null
      : h('details', { open: !ENDED.includes(one.state) }, h('summary', {}, `Attempts (${branch.log.length})`), attempts(branch)),
  );
}

/** @param {any} branch */
function attempts({ participant, log }) {
  return table(
    `Attempts at ${participant}`,
    [
      'At',
      'Phase',
      { text: 'Attempt', number: true },
      'Outcome',
      { text: 'Status', number: true },
      { text: 'Took', number: true },
      'Error',
    ],
    log.map((/** @type {any} */ each) => [
      when(each.at),
      each.phase,
      count(each.attempt),
      badge(each.outcome),
      each.status ?? '–',
      duration(each.durationMs),
      each.error ?? '–',
    ]),
  );
}

/** @type {Record<string, string>} */
const NAMES = {
  TRY: 'Tried',
  CONFIRM: 'Confirmed',
  CANCEL: 'Cancelled',
  EXPIRE: 'Expired',
  EXTEND: 'Deadline extended',
  REFUND: 'Refunded',
  RETRY: 'Retry asked for',
  RESOLVE: 'Branch resolved',
  BRANCHES_TRIED: 'All branches tried',
  BRANCHES_SETTLED: 'All branches settled',
  PARTICIPANT_REFUSED: 'A participant refused',
  EARLIER_ATTEMPTS: 'Earlier attempts',
};

/** @param {any} each */
function event({ at, event: name, from, to, detail }) {
  const phase = /^ATTEMPT_(.*)$/.exec(name)?.[1]?.toLowerCase();
  const title = phase === undefined ? (NAMES[name] ?? name) : `${detail?.participant ?? 'a participant'} asked to ${phase}`;
  const outcome = detail?.outcome;
  const isBad = outcome === 'failed' || outcome === 'refused' || name === 'PARTICIPANT_REFUSED';
  const isGood = outcome === 'done' || ENDED.includes(to);
  return h(
    'li',
    { class: isBad ? 'bad' : isGood ? 'good' : null },
    h(
      'div',
      { class: 'row' },
      h('strong', {}, title),
      outcome === undefined ? badge(to) : badge(outcome),
      h('time', { datetime: at }, exact(at)),
    ),
    detailsOf(detail, from, to),
  );
}

/** @param {any} detail @param {string | null} from @param {string} to */
function detailsOf(detail, from, to) {
  const told = Object.entries(detail ?? {}).filter(
    ([name, value]) => value !== null && !['participant', 'outcome', 'sequence', 'branchId'].includes(name),
  );
  const words = told.map(([name, value]) => {
    if (name === 'durationMs') return `took ${duration(Number(value))}`;
    return `${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}`;
  });
  if (from !== null && from !== to) words.unshift(`${from} → ${to}`);
  return words.length === 0 ? null : h('div', { class: 'quiet' }, words.join(' · '));
}
