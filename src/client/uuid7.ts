// Owns making ids: UUIDs of version 7 (RFC 9562), which sort by when they were made, so that the coordinator's indexes grow at
// one end.

const MAX_COUNTER = 0xfff;
/** The counter begins in its lower half, so that at least 2,048 ids fit before the clock must be anticipated. */
const COUNTER_SEED_MASK = 0x7ff;

/**
 * Makes a maker of ids, each greater than the one before, also within a millisecond and where the clock goes back
 * (RFC 9562, 6.2, method 1: a counter in rand_a).
 * @param clock milliseconds since 1970
 * @param fill fills the bytes at random
 */
export function uuid7Maker(clock: () => number, fill: (bytes: Uint8Array<ArrayBuffer>) => unknown): () => string {
  let lastMs = -1;
  let counter = 0;
  return () => {
    const bytes = new Uint8Array(16);
    fill(bytes);
    const view = new DataView(bytes.buffer);
    const nowMs = clock();
    if (nowMs > lastMs) {
      lastMs = nowMs;
      counter = view.getUint16(6) & COUNTER_SEED_MASK;
    } else if (counter < MAX_COUNTER) {
      counter += 1;
    } else {
      lastMs += 1;
      counter = view.getUint16(6) & COUNTER_SEED_MASK;
    }
    view.setUint16(0, Math.floor(lastMs / 2 ** 32));
    view.setUint32(2, lastMs % 2 ** 32);
    view.setUint16(6, 0x7000 | counter);
    view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
}

/** @returns a new UUID of version 7, greater than those made here before */
export const uuid7: () => string = uuid7Maker(
  () => Date.now(),
  (bytes) => crypto.getRandomValues(bytes),
);
