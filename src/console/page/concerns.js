// Owns what of an instance's standing an operator should know of, each with what it means and where to look.
import { hrefOf } from './route.js';
import { count, plural, span } from './words.js';

/** @import { Overview } from './standing.d.ts' */
/** @typedef {{ readonly grave: boolean, readonly text: string, readonly means: string, readonly href: string | null }} Concern */

/** As the alert rules have it. */
const OLDEST_CONFIRMING_S = 300;
const EXPIRY_LAG_S = 30;
const FULL = 0.8;

/** The gravest first. @param {Overview} overview @returns {readonly Concern[]} */
export function concernsOf(overview) {
  const all = [...outages(overview), ...transactionConcerns(overview), ...capacityConcerns(overview)];
  return all.toSorted((a, b) => Number(b.grave) - Number(a.grave));
}

/** @param {Overview} overview @returns {Concern[]} */
function outages({ health, drift }) {
  /** @type {Concern[]} */
  const found = [];
  if (health.postgres !== 'up')
    found.push({
      grave: true,
      text: 'PostgreSQL does not answer',
      means: 'Every call is answered 503 until it does; nothing acknowledged is lost.',
      href: null,
    });
  if (health.redis !== 'up')
    found.push({
      grave: false,
      text: 'Redis does not answer',
      means: 'Timers fall back to PostgreSQL: releases take up to 5 s instead of 1 s. No outcome changes.',
      href: null,
    });
  if (drift !== null && drift !== 0)
    found.push({
      grave: true,
      text: `Counters and reservations differ by ${count(drift)}`,
      means: 'An invariant is broken. Stop selling what is affected and look at its history.',
      href: hrefOf('stock'),
    });
  return found;
}

/** @param {Overview} overview @returns {Concern[]} */
function transactionConcerns({ transactions, expiry }) {
  /** @type {Concern[]} */
  const found = [];
  const { needsAttention, oldestAgeS } = transactions;
  const confirming = oldestAgeS.CONFIRMING ?? 0;
  if (needsAttention > 0)
    found.push({
      grave: true,
      text: `${plural(needsAttention, 'transaction')} ${needsAttention === 1 ? 'needs' : 'need'} an operator`,
      means: 'A participant contradicts the decision, or has failed too often. Each says why, and what happens next.',
      href: hrefOf('stuck'),
    });
  if (confirming > OLDEST_CONFIRMING_S)
    found.push({
      grave: true,
      text: `The oldest confirmation has waited ${span(confirming * 1000)}`,
      means: 'It is decided and its stock is sold; a participant has not carried it out.',
      href: hrefOf('search', '', { state: 'CONFIRMING' }),
    });
  if (expiry.lagS > EXPIRY_LAG_S)
    found.push({
      grave: true,
      text: `Deadlines are worked off ${span(expiry.lagS * 1000)} late`,
      means: `${plural(expiry.backlog, 'reservation')} should have been released already.`,
      href: hrefOf('stuck'),
    });
  return found;
}

/** @param {Overview} overview @returns {Concern[]} */
function capacityConcerns({ lanes, pools, timers }) {
  const lanesFull = lanes.filter(({ depth, limit }) => depth >= FULL * limit && limit > 0);
  const waited = pools.filter(({ waiting }) => waiting > 0);
  const failed = timers.filter((timer) => timer.failed > 0);
  return [
    ...lanesFull.map(({ lane, depth, limit }) => ({
      grave: true,
      text: `Lane ${lane} is nearly full: ${count(depth)} of ${count(limit)}`,
      means: 'What comes beyond its limit is answered 503 overloaded.',
      href: null,
    })),
    ...waited.map(({ pool, waiting }) => ({
      grave: false,
      text: `${plural(waiting, 'caller')} ${waiting === 1 ? 'waits' : 'wait'} for a connection of pool ${pool}`,
      means: 'Reads are slower for as long as this lasts.',
      href: null,
    })),
    ...failed.map(({ queue, failed: times }) => ({
      grave: false,
      text: `${plural(times, 'job')} of timer queue ${queue} failed`,
      means: 'The sweep of PostgreSQL does what they were to do.',
      href: null,
    })),
  ];
}
