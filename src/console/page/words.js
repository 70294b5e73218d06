// Owns how figures, moments and states read to a person.

const COUNT = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const RATE = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const DAY = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', year: 'numeric' });
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const UNKNOWN = '–';

/** @param {number | null | undefined} value */
export function count(value) {
  return isKnown(value) ? COUNT.format(value) : UNKNOWN;
}

/** @param {number | null | undefined} value */
export function rate(value) {
  return isKnown(value) ? (value >= 100 ? COUNT : RATE).format(value) : UNKNOWN;
}

/** @param {number | null | undefined} value */
export function milliseconds(value) {
  if (!isKnown(value)) return UNKNOWN;
  return value >= 10_000 ? span(value) : `${(value >= 100 ? COUNT : RATE).format(value)} ms`;
}

/** With its sign, as a step of a sum. @param {number} value */
export function signed(value) {
  return `${value < 0 ? '−' : '+'}${COUNT.format(Math.abs(value))}`;
}

/** @param {number | null | undefined} value @returns {value is number} */
function isKnown(value) {
  return typeof value === 'number' && Number.isFinite(value);
}

/** How long something takes, in two units at most. @param {number} ms */
export function span(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return both(minutes, 'min', Math.floor(seconds % 60), 's');
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? both(hours, 'h', minutes % 60, 'min') : both(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/**
 * @param {number} more
 * @param {string} unit
 * @param {number} rest
 * @param {string} lesser
 */
function both(more, unit, rest, lesser) {
  return rest === 0 ? `${more} ${unit}` : `${more} ${unit} ${rest} ${lesser}`;
}

/** How far a moment is from now, either way. @param {number} ms since 1970 @param {number} now */
export function distance(ms, now = Date.now()) {
  const away = ms - now;
  if (Math.abs(away) < 1000) return 'now';
  return away > 0 ? `in ${span(away)}` : `${span(-away)} ago`;
}

/** How long since a moment, as 'for …'. @param {number} ms since 1970 @param {number} now */
export function lasting(ms, now = Date.now()) {
  return now - ms < 1000 ? 'for less than a second' : `for ${span(now - ms)}`;
}

/** @param {string | number} at */
export function clock(at) {
  return CLOCK.format(new Date(at));
}

/** The time of day, and the day where that is not today. @param {string | number} at */
export function moment(at) {
  const date = new Date(at);
  const day = DAY.format(date);
  return day === DAY.format(new Date()) ? CLOCK.format(date) : `${day}, ${CLOCK.format(date)}`;
}

/** The first and the last of an id: enough to tell two apart at a glance. @param {string} id */
export function shortId(id) {
  return `${id.slice(0, 8)}…${id.slice(-6)}`;
}

/** One of it or several. @param {number} amount @param {string} one @param {string} several */
export function plural(amount, one, several = `${one}s`) {
  return `${count(amount)} ${amount === 1 ? one : several}`;
}

/** @type {Readonly<Record<string, string>>} */
const TONES = {
  TRYING: 'busy',
  TRIED: 'held',
  RESERVED: 'held',
  REGISTERED: 'busy',
  CONFIRMING: 'busy',
  CONFIRMED: 'good',
  DEDUCTED: 'good',
  CANCELLING: 'busy',
  CANCELLED: 'ended',
  AVAILABLE: 'ended',
  REFUSED: 'bad',
  closed: 'good',
  probing: 'busy',
  open: 'bad',
  up: 'good',
  down: 'bad',
};

/** The tone in which a state is shown. @param {string} state */
export function toneOf(state) {
  return TONES[state] ?? 'ended';
}

/** @type {Readonly<Record<string, string>>} */
const EVENTS = {
  TRY: 'Try: the basket is reserved',
  BRANCHES_TRIED: 'Every participant holds its part',
  PARTICIPANT_REFUSED: 'A participant refused',
  CONFIRM: 'Decided: confirm',
  CANCEL: 'Decided: cancel',
  EXPIRE: 'The deadline came first',
  EXTEND: 'The deadline was moved',
  REFUND: 'Refunded',
  BRANCHES_SETTLED: 'Every participant is settled',
  ATTEMPT_TRY: 'asked to hold',
  ATTEMPT_CONFIRM: 'told to confirm',
  ATTEMPT_CANCEL: 'told to cancel',
  EARLIER_ATTEMPTS: 'Earlier attempts, no longer kept',
  RETRY: 'An operator asked for another attempt',
  RESOLVE: 'An operator settled a branch',
};

/** @param {string} event */
export function eventInWords(event) {
  return EVENTS[event] ?? `${event.slice(0, 1)}${event.slice(1).toLowerCase().replaceAll('_', ' ')}`;
}

/** @type {Readonly<Record<string, string>>} */
const REASONS = {
  requested: 'somebody asked for it',
  expired: 'nobody decided before the deadline',
  'insufficient-stock': 'there was not enough stock, and nothing was held',
  'participant-refused': 'a participant refused',
  'cancelled-before-try': 'the cancel came before any Try',
};

/** @param {string} reason */
export function reasonInWords(reason) {
  return REASONS[reason] ?? reason;
}
