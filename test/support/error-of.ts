// Owns expecting a failure.

/**
 * @param kind what must be thrown; without it, anything
 * @returns what the work was rejected with
 * @throws Error where it was not, and what it was rejected with where that is of another kind
 */
export async function errorOf<Kind = unknown>(
  work: Promise<unknown>,
  kind?: { new (...parameters: never[]): Kind },
): Promise<Kind> {
  try {
    await work;
  } catch (error) {
    if (kind !== undefined && !(error instanceof kind)) throw error;
    return error as Kind;
  }
  throw new Error('it did not fail');
}
