// Owns the view of the remote services: who hurts, how much waits for whom.
import { read } from './ask.js';
import { h, svg } from './dom.js';
import { follow } from './follow.js';
import { facts, nothing, stateBadge } from './pieces.js';
import { count, milliseconds, plural, span } from './words.js';

/** @import { Visit } from './main.js' */
/** @import { Participant } from './standing.d.ts' */

const PAUSE_MS = 3000;
const BREAKERS = {
  closed: 'It is called as usual.',
  probing: 'One call at a time finds out whether it is back.',
  open: 'It failed too often: it is left alone for a while, then tried with one call.',
};
const OUTCOMES = /** @type {const} */ ([
  ['done', 'done'],
  ['refused', 'refused'],
  ['notYet', 'not yet'],
  ['failed', 'failed'],
]);

/** @param {Visit} visit */
export function participantsView({ signal }) {
  const list = follow({
    signal,
    load: (given) => read('/console/api/participants', given),
    make: (/** @type {{ items: readonly Participant[] }} */ { items }) => [
      items.length === 0
        ? nothing('None is registered. PUT /v1/participants/{name} registers one.')
        : h('ul', { class: 'cards two' }, items.toSorted(byPain).map(participantCard)),
    ],
    pauseMs: () => PAUSE_MS,
    rows: 6,
  });
  return {
    title: 'Participants',
    content: [
      h('h1', { tabindex: '-1' }, 'Participants'),
      h(
        'p',
        { class: 'lead' },
        'The services that take part in transactions, those in trouble first. Counts are since this instance started.',
      ),
      list.element,
    ],
  };
}

/** @param {Participant} a @param {Participant} b */
function byPain(a, b) {
  const pain = (/** @type {Participant} */ { breaker, overdue }) =>
    (breaker === 'open' ? 2 : breaker === 'probing' ? 1 : 0) * 1e9 + overdue;
  return pain(b) - pain(a) || a.name.localeCompare(b.name);
}

/** @param {Participant} participant */
function participantCard(participant) {
  const { name, url, breaker, queueDepth, inFlight, waiting, overdue, p99Ms, maxConcurrency, timeoutMs, retry } = participant;
  return h(
    'li',
    { class: breaker === 'open' ? 'card grave' : 'card' },
    h(
      'div',
      { class: 'card-head' },
      h('h2', {}, name),
      breaker === null
        ? h('span', { class: 'badge tone-ended' }, 'not called yet')
        : h('span', {}, h('span', { class: 'unseen' }, 'Breaker '), stateBadge(breaker)),
    ),
    h('p', { class: 'mono dim breakable' }, url),
    breaker === null ? null : h('p', {}, BREAKERS[breaker]),
    outcomesOf(participant),
    facts([
      ['Slowest 1 % above', milliseconds(p99Ms)],
      ['In flight', `${count(inFlight)} of ${count(maxConcurrency)}`],
      ['Queued here', count(queueDepth)],
      ['Waiting to be asked', `${count(waiting)}${overdue > 0 ? `, ${count(overdue)} overdue` : ''}`],
      ['Patience', `${span(timeoutMs)} a call`],
      [
        'Retries',
        `after ${span(retry.initialMs)}, doubling to ${span(retry.maxMs)}; attention after ${plural(retry.attentionAfter, 'attempt')}`,
      ],
    ]),
  );
}

/** The share of each outcome as a bar, and in words below it. @param {Participant} participant */
function outcomesOf({ attempts }) {
  const total = OUTCOMES.reduce((sum, [key]) => sum + attempts[key], 0);
  if (total === 0) return h('p', { class: 'dim' }, 'No attempts yet.');
  let x = 0;
  const bars = OUTCOMES.map(([key]) => {
    const width = (attempts[key] / total) * 100;
    const bar = svg('rect', { class: `share ${key}`, x, y: 0, width, height: 8 });
    x += width;
    return bar;
  });
  return h(
    'div',
    { class: 'outcomes' },
    svg(
      'svg',
      { class: 'shares', viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true', focusable: 'false' },
      ...bars,
    ),
    h(
      'ul',
      { class: 'legend' },
      OUTCOMES.map(([key, name]) =>
        h(
          'li',
          {},
          h('span', { class: `swatch ${key}`, 'aria-hidden': 'true' }),
          h('span', { class: 'name' }, name),
          h('span', { class: 'value' }, count(attempts[key])),
        ),
      ),
    ),
  );
}
