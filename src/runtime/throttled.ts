// Owns the bound on repeated log lines: while a server is away, the same complaint would come with every attempt.

export type Warn = (details: object, message: string) => void;

const EVERY_MS = 5000;

/**
 * @param write the log's method
 * @returns the same, but for each message at most one line every 5 s; the next one tells how many were left out
 */
export function throttled(write: Warn): Warn {
  const last = new Map<string, { at: number; leftOut: number }>();
  return (details, message) => {
    const known = last.get(message);
    const now = performance.now();
    if (known !== undefined && now - known.at < EVERY_MS) {
      known.leftOut += 1;
      return;
    }
    last.set(message, { at: now, leftOut: 0 });
    const leftOut = known?.leftOut ?? 0;
    write(leftOut > 0 ? { ...details, leftOut } : details, message);
  };
}
