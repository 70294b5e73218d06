// Owns the ids the server makes: UUID version 7 (RFC 9562, 5.7), in order within a process, made without a system call each.
import { randomFillSync } from 'node:crypto';

const BYTES_EACH = 10;
const POOL_IDS = 512;
const COUNTER_MAX = 0xfff;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const pool = new Uint8Array(BYTES_EACH * POOL_IDS);
let taken = POOL_IDS;
let lastMs = 0;
let counter = 0;

/**
 * Makes a UUID of version 7. Those of one process sort in the order they were made: a 12-bit counter stands where the RFC allows
 * one (6.2, method 1), and where it runs over, or the clock steps back, the timestamp runs ahead of the clock instead.
 */
export function newId(): string {
  if (taken === POOL_IDS) {
    randomFillSync(pool);
    taken = 0;
  }
  const offset = BYTES_EACH * taken++;
  const nowMs = Date.now();
  if (nowMs > lastMs) {
    lastMs = nowMs;
    // Starting in the lower half leaves room to count up, while two processes seldom start alike.
    counter = (byteAt(offset) << 3) & 0x7ff;
  } else if (++counter > COUNTER_MAX) {
    lastMs += 1;
    counter = 0;
  }
  const time = lastMs.toString(16).padStart(12, '0');
  const sequence = counter.toString(16).padStart(3, '0');
  const tail = `${hexAt(offset + 4)}${hexAt(offset + 5)}${hexAt(offset + 6)}${hexAt(offset + 7)}${hexAt(offset + 8)}${hexAt(offset + 9)}`;
  const variant = HEX[(byteAt(offset + 2) & 0x3f) | 0x80];
  return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence}-${variant}${hexAt(offset + 3)}-${tail}`;
}

function byteAt(index: number): number {
  return pool[index] ?? 0;
}

function hexAt(index: number): string {
  return HEX[byteAt(index)] ?? '00';
}
