// Owns the talk with the coordinator: JSON in and out, refusals as errors that can be told to a person.

export class Refused extends Error {
  /**
   * @param {string} message
   * @param {number | null} status
   * @param {string | null} code
   */
  constructor(message, status, code) {
    super(message);
    this.name = 'Refused';
    this.status = status;
    this.code = code;
  }
}

/**
 * @param {string} path
 * @param {{ signal?: AbortSignal | undefined, body?: unknown }} [options] a body makes it a POST
 * @returns {Promise<any>}
 */
export async function ask(path, { signal, body } = {}) {
  /** @type {RequestInit} */
  const init = { headers: { accept: 'application/json' }, cache: 'no-store' };
  if (signal !== undefined) init.signal = signal;
  if (body !== undefined) {
    init.method = 'POST';
    init.headers = { accept: 'application/json', 'content-type': 'application/json', 'x-holdfast-console': '1' };
    init.body = JSON.stringify(body);
  }
  const response = await fetch(path, init).catch((error) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Refused('The coordinator does not answer.', null, null);
  });
  const text = await response.text();
  /** @type {any} */
  let content = null;
  try {
    content = text === '' ? null : JSON.parse(text);
  } catch {
    throw new Refused(`The answer (${response.status}) is not JSON.`, response.status, null);
  }
  if (!response.ok)
    throw new Refused(content?.detail ?? `Refused with ${response.status}.`, response.status, content?.code ?? null);
  return content;
}

/** @param {Record<string, string | number | null | undefined>} values those that are empty are left out */
export function query(values) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    if (value !== null && value !== undefined && value !== '') parameters.set(name, String(value));
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
