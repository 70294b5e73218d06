// Owns how the branches of a transaction are shown: where each stands, every attempt with its reply, and its trace.
import { actButton } from './acts.js';
import { h } from './dom.js';
import { attentionBadge, copyButton, facts, nothing, stateBadge, table, when } from './pieces.js';
import { count, milliseconds, moment, plural } from './words.js';

/** @import { AttemptEntry, BranchStory, Transaction } from './shapes.d.ts' */

const DECIDED = new Set(['CONFIRMING', 'CANCELLING']);
const SETTLED = new Set(['CONFIRMED', 'CANCELLED']);
/** As many lie open; the others are unfolded by who wants them. */
const OPEN_ATTEMPTS = 5;

/**
 * @param {Transaction} transaction
 * @param {readonly BranchStory[]} branches
 * @param {() => void} again
 */
export function branchCards(transaction, branches, again) {
  return h(
    'ul',
    { class: 'cards' },
    branches.map((branch) => branchCard(transaction, branch, again)),
  );
}

/**
 * @param {Transaction} transaction
 * @param {BranchStory} branch
 * @param {() => void} again
 */
function branchCard(transaction, branch, again) {
  const { id, participant, state, needsAttention, resolved, log, traceId } = branch;
  const mayResolve = DECIDED.has(transaction.state) && !SETTLED.has(state);
  return h(
    'li',
    { class: needsAttention ? 'card grave' : 'card' },
    h(
      'div',
      { class: 'card-head' },
      h('h3', {}, participant),
      stateBadge(state),
      needsAttention ? attentionBadge() : null,
      resolved ? h('span', { class: 'badge tone-ended' }, 'settled by an operator') : null,
    ),
    h('p', {}, doingOf(branch)),
    branch.lastError === null ? null : h('p', { class: 'error-text' }, branch.lastError),
    facts([
      ['Branch', h('span', { class: 'mono breakable' }, id)],
      [
        'Trace',
        traceId === null
          ? h('span', { class: 'dim' }, 'none was given')
          : h(
              'span',
              {},
              h('span', { class: 'mono breakable' }, traceId),
              ' ',
              copyButton(traceId, `trace id of ${participant}`),
            ),
      ],
    ]),
    attemptsOf(id, participant, log),
    mayResolve
      ? h(
          'div',
          { class: 'acts' },
          actButton({
            kind: 'resolve',
            id: transaction.id,
            branchId: id,
            participant,
            decision: transaction.state === 'CONFIRMING' ? 'CONFIRMED' : 'CANCELLED',
            again,
          }),
        )
      : null,
  );
}

/** @param {BranchStory} branch */
function doingOf({ phase, attempts, underWay, nextAttemptAt }) {
  if (phase === null) return 'Nothing is asked of it.';
  const made = attempts === 0 ? 'not asked yet' : plural(attempts, 'attempt');
  const doing = h('span', {}, `To ${phase}: ${made}`);
  if (underWay) doing.append('; a call is under way');
  else if (nextAttemptAt !== null && Date.parse(nextAttemptAt) <= Date.now()) doing.append('; due');
  else if (nextAttemptAt !== null) doing.append('; asked again ', when(nextAttemptAt));
  return doing;
}

/**
 * Newest first: what went wrong last is what is looked for.
 * @param {string} id
 * @param {string} participant
 * @param {readonly AttemptEntry[]} log
 */
function attemptsOf(id, participant, log) {
  if (log.length === 0) return nothing('No attempt is recorded.');
  const newest = log.toReversed();
  const latest = attemptTable(participant, newest.slice(0, OPEN_ATTEMPTS));
  if (newest.length <= OPEN_ATTEMPTS) return latest;
  const earlier = newest.slice(OPEN_ATTEMPTS);
  const rest = h(
    'details',
    { 'data-key': `log:${id}` },
    h('summary', { 'data-key': `sum:${id}` }, `${plural(earlier.length, 'earlier attempt')}`),
    attemptTable(participant, earlier),
  );
  return h('div', {}, latest, rest);
}

/**
 * @param {string} participant
 * @param {readonly AttemptEntry[]} log
 */
function attemptTable(participant, log) {
  const columns = [
    { title: 'When' },
    { title: 'Asked to' },
    { title: 'Attempt', number: true },
    { title: 'Reply' },
    { title: 'Took', number: true },
  ];
  const rows = log.map(({ at, phase, attempt, outcome, status, error, durationMs }) => [
    h('time', { datetime: at, title: at }, moment(at)),
    phase,
    count(attempt),
    h(
      'span',
      { class: 'badges' },
      h('span', { class: `reply ${replyTone(outcome)}` }, status === null ? outcome : `${status} ${outcome}`),
      error === null ? null : h('span', { class: 'error-text' }, error),
    ),
    milliseconds(durationMs),
  ]);
  return table(`Attempts to reach ${participant}`, columns, rows);
}

/** @param {string} outcome */
function replyTone(outcome) {
  if (outcome === 'done') return 'good';
  return outcome === 'not-yet' ? 'busy' : 'bad';
}
