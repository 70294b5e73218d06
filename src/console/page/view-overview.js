// Owns the first view: what needs attention, the live figures, and what waits where.
import { read } from './ask.js';
import { chart } from './chart.js';
import { concernsOf } from './concerns.js';
import { h, shown } from './dom.js';
import { follow } from './follow.js';
import { facts, panel, skeleton, stateBadge, table } from './pieces.js';
import { hrefOf } from './route.js';
import { count, milliseconds, plural, rate, span } from './words.js';

/** @import { Visit } from './main.js' */
/** @import { Overview, OpenState } from './standing.d.ts' */

const PAUSE_MS = 3000;
/** @type {readonly OpenState[]} */
const OPEN_STATES = ['TRYING', 'TRIED', 'CONFIRMING', 'CANCELLING'];

/** @param {Visit} visit */
export function overviewView({ signal, live }) {
  const charts = chartsOf();
  const grid = h(
    'div',
    { class: 'charts' },
    charts.map(({ element }) => element),
  );
  live.listen(() => {
    for (const { update } of charts) update(live.samples);
    grid.classList.toggle('is-stale', live.state.state === 'stale');
  }, signal);
  const standing = h('div', { 'aria-busy': 'true' }, skeleton(5));
  const showStanding = shown(standing, standingOf);
  const concerns = follow({
    signal,
    load: (given) => read('/console/api/overview', given),
    make: (/** @type {Overview} */ overview) => [concernsList(overview)],
    pauseMs: () => PAUSE_MS,
    rows: 2,
    told: (overview) => {
      standing.setAttribute('aria-busy', 'false');
      showStanding(overview);
    },
  });
  return {
    title: 'Overview',
    content: [
      h('h1', { tabindex: '-1' }, 'Overview'),
      panel('What needs attention', concerns.element),
      panel('The last two minutes', grid),
      standing,
    ],
  };
}

function chartsOf() {
  return [
    chart('Requests', rate, [
      { name: 'per second', of: (sample) => sample.requestsPerS, tone: 'first' },
      { name: 'failed', of: (sample) => sample.errorsPerS, tone: 'fourth' },
    ]),
    chart('Latency', milliseconds, [
      { name: 'half under', of: (sample) => sample.p50Ms, tone: 'first' },
      { name: '99 % under', of: (sample) => sample.p99Ms, tone: 'second' },
    ]),
    chart('Decisions per second', rate, [
      { name: 'tried', of: (sample) => sample.triesPerS, tone: 'first' },
      { name: 'confirmed', of: (sample) => sample.confirmsPerS, tone: 'third' },
      { name: 'cancelled', of: (sample) => sample.cancelsPerS, tone: 'second' },
      { name: 'expired', of: (sample) => sample.expiriesPerS, tone: 'fourth' },
    ]),
    chart('Units per second', rate, [
      { name: 'reserved', of: (sample) => sample.reservedPerS, tone: 'first' },
      { name: 'sold', of: (sample) => sample.deductedPerS, tone: 'third' },
    ]),
    chart('Open transactions', count, [{ name: 'now', of: (sample) => sample.open, tone: 'first' }]),
    chart('Waiting in lanes', count, [{ name: 'commands now', of: (sample) => sample.laneDepth, tone: 'first' }]),
  ];
}

/** @param {Overview} overview */
function concernsList(overview) {
  const concerns = concernsOf(overview);
  if (concerns.length === 0)
    return h('p', { class: 'all-well' }, h('span', { class: 'dot', 'aria-hidden': 'true' }), 'Nothing. All is well.');
  return h(
    'ul',
    { class: 'concerns' },
    concerns.map(({ grave, text, means, href }) =>
      h(
        'li',
        { class: grave ? 'grave' : 'mild' },
        h('p', { class: 'concern' }, href === null ? text : h('a', { href, 'data-key': `c:${href}:${text}` }, text)),
        h('p', { class: 'dim' }, means),
      ),
    ),
  );
}

/** @param {Overview} overview */
function standingOf({ transactions, health, expiry, drift, lanes, pools, timers, workers, version, uptimeMs }) {
  const { open, oldestAgeS } = transactions;
  const openTable = table(
    'Open transactions by state',
    [{ title: 'State' }, { title: 'Open', number: true }, { title: 'Oldest', number: true }],
    OPEN_STATES.map((state) => [
      h('a', { class: 'plain', href: hrefOf('search', '', { state }), 'data-key': `o:${state}` }, stateBadge(state)),
      count(open[state]),
      oldestAgeS[state] === null || open[state] === 0 ? '–' : span((oldestAgeS[state] ?? 0) * 1000),
    ]),
    { small: true },
  );
  return [
    h(
      'div',
      { class: 'halves' },
      panel('Open transactions', openTable),
      panel(
        'This instance',
        facts([
          ['PostgreSQL', stateBadge(health.postgres)],
          ['Redis', stateBadge(health.redis)],
          ['Expiry', expiryInWords(expiry)],
          ['Counters and rows', drift === null ? 'not compared yet' : drift === 0 ? 'agree' : `differ by ${count(drift)}`],
          ['Version', version],
          ['Up', `${span(uptimeMs)}, ${plural(workers, 'worker')}`],
        ]),
      ),
    ),
    h('div', { class: 'halves' }, panel('Lanes', lanesOf(lanes)), panel('Pools', poolsOf(pools))),
    panel('Timers', timersTable(timers)),
  ];
}

/** @param {Overview['lanes']} lanes */
function lanesOf(lanes) {
  const made = lanes.map(({ lane, depth, limit }) => gauge(lane, depth, limit, `${count(depth)} of ${count(limit)}`, false));
  return h('div', { class: 'gauges' }, made);
}

/** A pool may be in use as a whole; that somebody waits for it is what hurts. @param {Overview['pools']} pools */
function poolsOf(pools) {
  const made = pools.map(({ pool, used, max, waiting }) => {
    const waits = waiting > 0 ? `, ${count(waiting)} waiting` : '';
    return gauge(pool, used, max, `${count(used)} of ${count(max)}${waits}`, waiting === 0);
  });
  return h('div', { class: 'gauges' }, made);
}

/** @param {Overview['timers']} timers */
function timersTable(timers) {
  if (timers.length === 0) return h('p', { class: 'nothing' }, 'None: PostgreSQL alone is asked for what is due.');
  return table(
    'Timers by queue',
    [{ title: 'Queue' }, ...['Delayed', 'Waiting', 'Active', 'Failed'].map((title) => ({ title, number: true }))],
    timers.map(({ queue, ...counts }) => [queue, ...[counts.delayed, counts.waiting, counts.active, counts.failed].map(count)]),
  );
}

/**
 * How full something is.
 * @param {string} name
 * @param {number} value
 * @param {number} max
 * @param {string} text
 * @param {boolean} mayFill being full is no fault of it
 */
function gauge(name, value, max, text, mayFill) {
  const bounds = mayFill ? {} : { low: 0.5 * max, high: 0.8 * max, optimum: 0 };
  const meter = h('meter', { min: 0, max: Math.max(max, 1), value, ...bounds, 'aria-label': name });
  return h('div', { class: 'gauge' }, h('span', { class: 'name' }, name), h('span', { class: 'value' }, text), meter);
}

/** @param {Overview['expiry']} expiry */
function expiryInWords({ lagS, backlog }) {
  if (lagS === 0 && backlog === 0) return 'on time';
  return `${span(lagS * 1000)} behind, ${plural(backlog, 'deadline')} due`;
}
