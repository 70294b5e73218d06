// Owns the page's requests: each can be given up, each failure has a code, and an answer that nobody waits for any more is dropped.

/** @import { Problem } from './shapes.d.ts' */

const PATIENCE_MS = 15_000;

/** What went wrong, with the code that it has in the service's catalogue, or one of our own where no answer came. */
export class AskProblem extends Error {
  /**
   * @param {string} code
   * @param {string} detail
   * @param {number} status 0 where no answer came
   * @param {string | null} traceId
   */
  constructor(code, detail, status = 0, traceId = null) {
    super(detail);
    this.name = 'AskProblem';
    this.code = code;
    this.status = status;
    this.traceId = traceId;
  }
}

/**
 * @template T
 * @param {string} path
 * @param {AbortSignal} signal given up by who no longer wants it
 * @returns {Promise<T>}
 */
export function read(path, signal) {
  return ask(path, { signal: bounded(signal) });
}

/**
 * Something that an operator does. It is not given up half-way: whether it happened must be told.
 * @template T
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<T>}
 */
export function act(path, body) {
  return ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-holdfast-console': '1' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(2 * PATIENCE_MS),
  });
}

/** @param {AbortSignal} signal */
function bounded(signal) {
  return AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
}

/**
 * @template T
 * @param {string} path
 * @param {RequestInit} options
 * @returns {Promise<T>}
 */
async function ask(path, options) {
  const { response, body } = await answerTo(path, options);
  // The key was revoked, or its day is over: the page asks for one.
  if (response.status === 401) location.reload();
  if (response.ok && body !== undefined) return /** @type {T} */ (body);
  /** @type {Partial<Problem>} */
  const problem = Object(body);
  const code = problem.code ?? `http-${response.status}`;
  const detail = problem.detail ?? problem.title ?? `The answer was ${response.status} ${response.statusText}.`;
  throw new AskProblem(code, detail, response.status, problem.traceId ?? null);
}

/**
 * @param {string} path
 * @param {RequestInit} options
 */
async function answerTo(path, options) {
  try {
    const response = await fetch(path, { ...options, cache: 'no-store', credentials: 'same-origin', redirect: 'error' });
    const text = await response.text();
    return { response, body: parsed(text) };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    if (error instanceof DOMException && error.name === 'TimeoutError')
      throw new AskProblem('no-answer', `No answer came within ${PATIENCE_MS / 1000} s.`);
    throw new AskProblem('not-reached', 'The coordinator was not reached. It may be restarting, or the network is gone.');
  }
}

/** @param {string} text @returns {unknown} undefined where it is no JSON */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a failure is only that nobody waits any more. @param {unknown} error */
export function isGivenUp(error) {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** @param {unknown} error @returns {AskProblem} */
export function problemOf(error) {
  if (error instanceof AskProblem) return error;
  return new AskProblem('page-fault', error instanceof Error ? error.message : String(error));
}
