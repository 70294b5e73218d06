// Owns what text and JSON the ledger can keep: PostgreSQL stores neither NUL nor half a surrogate pair, and JSON has no infinity.

/** @returns what is wrong with the text, or null where it can be stored */
export function textFault(text: string): string | null {
  if (text.includes('\u0000')) return 'must not contain the NUL character';
  if (!text.isWellFormed()) return 'must not contain half of a surrogate pair';
  return null;
}

/**
 * Judges a parsed JSON value by its size and by what stands in it. Walks with a list instead of recursion, and gives up where
 * there are more values than the size allows: a megabyte of `[[[[…` must neither overflow the stack nor cost much (I12).
 * @param maxBytes of its JSON text in UTF-8, without white space
 * @returns what is wrong with it, or null
 */
export function jsonFault(value: unknown, maxBytes: number): string | null {
  const tooLarge = `must be at most ${maxBytes} bytes as JSON`;
  const left: unknown[] = [value];
  for (let seen = 0; left.length > 0; seen += 1) {
    // Every value takes at least one byte.
    if (seen + left.length > maxBytes) return tooLarge;
    const next = left.pop();
    if (typeof next === 'string') {
      const fault = textFault(next);
      if (fault !== null) return fault;
    } else if (typeof next === 'number') {
      if (!Number.isFinite(next)) return 'must not contain a number beyond what a double can hold';
      // JSON.parse has rounded it by now: a long account number would be kept, and told to a participant, as another one.
      if (Number.isInteger(next) && !Number.isSafeInteger(next))
        return 'must not contain a whole number beyond 2^53−1, which would be rounded: send it as text';
    } else if (Array.isArray(next)) {
      if (next.length > maxBytes) return tooLarge;
      left.push(...next);
    } else if (typeof next === 'object' && next !== null) {
      for (const [key, member] of Object.entries(next)) {
        const fault = textFault(key);
        if (fault !== null) return fault;
        left.push(member);
      }
    }
  }
  return Buffer.byteLength(JSON.stringify(value)) > maxBytes ? tooLarge : null;
}

/**
 * Judges how deep a parsed JSON value is nested, level by level: it is what a recursive reader would be lost in.
 * @param maxLevels of arrays and objects inside one another
 * @returns what is wrong with it, or null
 */
export function depthFault(value: unknown, maxLevels: number): string | null {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
    if (depth === maxLevels && level.length > 0) return `must be nested at most ${maxLevels} levels deep`;
  }
  return null;
}
