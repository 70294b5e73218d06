// Owns the participants: which of them hurts, and how.
import { ask } from './api.js';
import { h, table } from './dom.js';
import { badge, count, duration } from './format.js';
import { heading, part } from './view.js';

const EVERY_MS = 3_000;

/** @param {import('./view.js').Stage} stage */
export function participants(stage) {
  stage.main.append(
    heading('Participants'),
    part(stage, (signal) => ask('/console/api/participants', { signal }), draw, { everyMs: EVERY_MS }).element,
  );
}

/** @param {any} content */
function draw({ items }) {
  const number = (/** @type {string} */ text) => /** @type {{ text: string, number: true }} */ ({ text, number: true });
  return [
    table(
      'Participants',
      [
        'Participant',
        'Breaker',
        number('Waiting to be retried'),
        number('Overdue'),
        number('In the queue'),
        number('In flight'),
        number('Done'),
        number('Failed'),
        number('Refused'),
        number('Not yet'),
        number('99 % within'),
      ],
      items.map((/** @type {any} */ one) => [
        [
          h('strong', {}, one.name),
          h('div', { class: 'quiet id' }, one.url),
          h('div', { class: 'quiet' }, `timeout ${duration(one.timeoutMs)}, ${one.maxConcurrency} at once`),
        ],
        one.breaker === null ? h('span', { class: 'quiet' }, 'not asked yet') : badge(one.breaker),
        count(one.waiting),
        count(one.overdue),
        count(one.queueDepth),
        count(one.inFlight),
        count(one.attempts.done),
        count(one.attempts.failed),
        count(one.attempts.refused),
        count(one.attempts.notYet),
        duration(one.p99Ms),
      ]),
      { empty: 'No participant is registered.' },
    ),
    h(
      'p',
      { class: 'quiet' },
      'Attempts are those of this instance since it started. A breaker that is open lets one probe through at a time, and closes by itself.',
    ),
  ];
}
