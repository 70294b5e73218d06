// Owns the overview: whether it is well, at a glance, and where to look if not.
import { ask } from './api.js';
import { chart } from './chart.js';
import { facts, h, table } from './dom.js';
import { badge, count, duration, rate } from './format.js';
import { listen } from './live.js';
import { heading, part } from './view.js';

const EVERY_MS = 5_000;

/** @param {import('./view.js').Stage} stage */
export function overview(stage) {
  const charts = {
    requestsPerS: chart('Requests', rate, 'per second'),
    errorsPerS: chart('Errors of ours (5xx)', rate, 'per second'),
    p99Ms: chart('Latency, 99th percentile', rate, 'ms'),
    triesPerS: chart('Tries', rate, 'per second'),
    confirmsPerS: chart('Confirms', rate, 'per second'),
    cancelsPerS: chart('Cancels', rate, 'per second'),
    expiriesPerS: chart('Expiries', rate, 'per second'),
    laneDepth: chart('Commands waiting', count, 'in the lanes'),
  };
  const standing = part(stage, (signal) => ask('/console/api/overview', { signal }), draw, { everyMs: EVERY_MS });
  stage.main.append(
    heading('Overview'),
    standing.element,
    h('h2', {}, 'Live'),
    h(
      'div',
      { class: 'cards' },
      Object.values(charts).map(({ element }) => element),
    ),
    h(
      'p',
      { class: 'quiet' },
      'One point a second, of every process of this instance. Each chart is as high as its highest point.',
    ),
  );
  stage.onLeave(
    listen((figures) => {
      for (const [name, { add }] of Object.entries(charts)) add(figures[name] ?? null);
    }),
  );
}

/** @param {any} content */
function draw(content) {
  return [
    worries(content),
    h('div', { class: 'cards' }, servers(content), deadlines(content), attentionCard(content), ledger(content)),
    h('h2', {}, 'Transactions that are not at an end'),
    open(content),
    h('div', { class: 'cards' }, queues(content), connections(content), jobs(content)),
  ];
}

/** What is wrong, in sentences; nothing where all is well. @param {any} content */
function worries({ health, transactions, expiry, drift, lanes }) {
  const told = [
    health.postgres === 'down' ? 'PostgreSQL does not answer: nothing can be reserved or decided.' : null,
    health.redis === 'down' ? 'Redis does not answer: releases and retries come up to 5 s later, and nothing is lost.' : null,
    drift !== null && drift !== 0 ? `Counters differ from their rows by ${count(drift)} units: see the log for the SKUs.` : null,
    expiry.lagS > 30 ? `Releases are late by ${duration(expiry.lagS * 1000)}.` : null,
    (transactions.oldestAgeS.CONFIRMING ?? 0) > 300
      ? `A confirm has been under way for ${duration(transactions.oldestAgeS.CONFIRMING * 1000)}.`
      : null,
    ...lanes
      .filter((/** @type {any} */ lane) => lane.depth > lane.limit / 2)
      .map((/** @type {any} */ { lane }) => `The lane ${lane} is more than half full.`),
  ].filter((text) => text !== null);
  const one = transactions.needsAttention;
  if (one > 0) told.push(`${count(one)} ${one === 1 ? 'transaction needs' : 'transactions need'} attention.`);
  if (told.length === 0) return h('p', { class: 'notice' }, 'All is well.');
  return h(
    'div',
    { class: 'notice warn' },
    h(
      'ul',
      {},
      told.map((text) => h('li', {}, text)),
    ),
    h('a', { href: '#/stuck' }, 'What is stuck'),
  );
}

/** @param {any} content */
function servers({ health, workers, version, uptimeMs }) {
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, 'Servers'),
    facts([
      ['PostgreSQL', badge(health.postgres)],
      ['Redis', badge(health.redis)],
      ['Processes', count(workers)],
      ['Version', version],
      ['Up for', duration(uptimeMs)],
    ]),
  );
}

/** @param {any} content */
function deadlines({ expiry }) {
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, 'Deadlines'),
    h('div', { class: 'figure' }, count(expiry.backlog), ' ', h('small', { class: 'quiet' }, 'due now')),
    h(
      'p',
      { class: 'quiet' },
      expiry.lagS === 0 ? 'None is late.' : `The oldest has been due for ${duration((expiry.lagS ?? 0) * 1000)}.`,
    ),
    h('a', { href: '#/stuck' }, 'The next deadlines'),
  );
}

/** @param {any} content */
function attentionCard({ transactions }) {
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, 'Needs attention'),
    h('div', { class: 'figure' }, count(transactions.needsAttention)),
    h('a', { href: '#/transactions?needsAttention=true' }, 'Show them'),
  );
}

/** @param {any} content */
function ledger({ drift }) {
  const text =
    drift === null
      ? 'The first pass over the counters is not over yet, or another instance does it.'
      : 'Between counters and the rows they are the sums of. Must be 0.';
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, 'Drift'),
    h('div', { class: 'figure' }, count(drift), ' ', h('small', { class: 'quiet' }, 'units')),
    h('p', { class: 'quiet' }, text),
  );
}

/** @param {any} content */
function open({ transactions }) {
  const rows = Object.keys(transactions.open).map((state) => [
    h('a', { href: `#/transactions?state=${state}` }, badge(state)),
    count(transactions.open[state]),
    transactions.open[state] > 0 ? duration(transactions.oldestAgeS[state] * 1000) : '–',
  ]);
  return table(
    'Transactions by state',
    ['State', { text: 'How many', number: true }, { text: 'The oldest, since', number: true }],
    rows,
  );
}

/** @param {any} content */
function queues({ lanes }) {
  return h(
    'section',
    {},
    h('h2', {}, 'Lanes'),
    table(
      'Lanes',
      ['Lane', { text: 'Waiting', number: true }, { text: 'Limit', number: true }],
      lanes.map((/** @type {any} */ { lane, depth, limit }) => [lane, count(depth), count(limit)]),
    ),
  );
}

/** @param {any} content */
function connections({ pools }) {
  const rows = pools.map((/** @type {any} */ { pool, used, max, waiting }) => [
    pool,
    `${count(used)} of ${count(max)}`,
    count(waiting),
  ]);
  return h(
    'section',
    {},
    h('h2', {}, 'Connections to PostgreSQL'),
    table('Connections', ['Pool', { text: 'In use', number: true }, { text: 'Waiting', number: true }], rows),
  );
}

/** @param {any} content */
function jobs({ timers }) {
  const rows = timers.map((/** @type {any} */ { queue, delayed, waiting, active, failed }) => [
    queue,
    count(delayed),
    count(waiting + active),
    count(failed),
  ]);
  return h(
    'section',
    {},
    h('h2', {}, 'Wake-ups in Redis'),
    table(
      'Wake-ups',
      ['Queue', { text: 'Set', number: true }, { text: 'Ringing', number: true }, { text: 'Failed', number: true }],
      rows,
      { empty: 'None: without Redis, PostgreSQL is asked twice a second.' },
    ),
  );
}
