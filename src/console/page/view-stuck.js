// Owns what does not move: what is stuck, since when, why, and what happens next; and whose deadline comes next.
import { ask, query } from './api.js';
import { h, table } from './dom.js';
import { attention, badge, count, transactionLink, when } from './format.js';
import { heading, pages, part } from './view.js';

const EVERY_MS = 5_000;

/** @param {import('./view.js').Stage} stage */
export function stuck(stage) {
  const due = part(stage, (signal) => ask('/console/api/due?limit=20', { signal }), deadlines, { everyMs: EVERY_MS });
  stage.main.append(
    heading('Stuck & due'),
    h('h2', {}, 'Stuck'),
    pages(stage, (cursor, signal) => ask(`/console/api/stuck${query({ limit: 50, cursor })}`, { signal }), list),
    h('h2', {}, 'Deadlines'),
    due.element,
  );
}

/** @param {any[]} items */
function list(items) {
  return table(
    'What is stuck',
    ['Transaction', 'State', 'Since', 'Why', 'What happens next', 'Participants'],
    items.map((one) => [
      [transactionLink(one.id), one.reference === null ? null : h('div', { class: 'quiet' }, one.reference)],
      [badge(one.state), one.needsAttention ? [' ', attention()] : null],
      when(one.since),
      one.why,
      one.next,
      one.branches.map((/** @type {any} */ branch) => h('div', {}, `${branch.participant} `, badge(branch.state))),
    ]),
    { empty: 'Nothing is stuck: no transaction needs attention, and none has been under way for 10 s.' },
  );
}

/** @param {any} content */
function deadlines({ dueNow, items }) {
  return [
    h('p', {}, dueNow === 0 ? 'None is due and unreleased.' : `${count(dueNow)} are due and not released yet.`),
    table(
      'The next deadlines',
      ['Transaction', 'Reference', 'State', 'Deadline'],
      items.map((/** @type {any} */ one) => [
        transactionLink(one.id),
        one.reference ?? '–',
        badge(one.state),
        when(one.expiresAt),
      ]),
      { empty: 'No transaction is open.' },
    ),
  ];
}
