// Owns one direction of one connection through a link: bytes in order, late or slowly where the link is troubled, and with
// backpressure.
import type { Socket } from 'node:net';
import type { LinkTrouble } from './ports.ts';

/** What was read and cannot be written yet may grow this large before reading stops. */
const HELD_LIMIT_BYTES = 256 * 1024;
/** A throttled link passes this many pieces a second. */
const PIECES_A_SECOND = 20;

export interface Pump {
  /** The trouble has changed. */
  adjust(): void;
  stop(): void;
}

interface Piece {
  readonly bytes: Buffer;
  readonly dueMs: number;
}

export interface PumpOptions {
  readonly from: Socket;
  readonly to: Socket;
  readonly trouble: () => LinkTrouble | null;
  /** Where it carries replies, what hears of those that are thrown away; null where it carries requests. */
  readonly onLost: (() => void) | null;
}

export function startPump({ from, to, trouble, onLost }: PumpOptions): Pump {
  const pieces: Piece[] = [];
  let heldBytes = 0;
  let lastDueMs = 0;
  let nextFreeMs = 0;
  let hasEnded = false;
  let isPassedOn = false;
  let waitsForDrain = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | null = null;

  const isCut = (): boolean => trouble()?.kind === 'cut';
  const loses = (): boolean => onLost !== null && trouble()?.kind === 'lose-replies';
  const wait = (delayMs: number): void => {
    timer ??= setTimeout(() => {
      timer = null;
      drive();
    }, delayMs);
  };
  const write = (bytes: Buffer): void => {
    heldBytes -= bytes.length;
    if (!to.write(bytes)) waitsForDrain = true;
  };
  const loseAll = (): void => {
    if (pieces.length > 0 || (hasEnded && !isPassedOn)) onLost?.();
    pieces.length = 0;
    heldBytes = 0;
  };
  const passFirst = (piece: Piece): void => {
    const kind = trouble();
    if (kind?.kind !== 'throttle') {
      pieces.shift();
      write(piece.bytes);
      return;
    }
    const size = Math.max(1, Math.floor(kind.bytesPerSecond / PIECES_A_SECOND));
    const now = piece.bytes.subarray(0, size);
    const rest = piece.bytes.subarray(size);
    if (rest.length > 0) pieces[0] = { bytes: rest, dueMs: piece.dueMs };
    else pieces.shift();
    nextFreeMs = performance.now() + (now.length / kind.bytesPerSecond) * 1_000;
    write(now);
  };
  /** Passes on what may be passed on now, and sees to it that it is called again for the rest. */
  const drive = (): void => {
    if (isStopped || isCut()) return;
    if (loses()) loseAll();
    for (let piece = pieces[0]; piece !== undefined; piece = pieces[0]) {
      if (waitsForDrain) return;
      const waitMs = Math.max(piece.dueMs, trouble()?.kind === 'throttle' ? nextFreeMs : 0) - performance.now();
      if (waitMs > 0) {
        wait(waitMs);
        return;
      }
      passFirst(piece);
    }
    if (hasEnded && !isPassedOn && !loses()) {
      isPassedOn = true;
      to.end();
    }
    if (heldBytes < HELD_LIMIT_BYTES && !hasEnded) from.resume();
  };
  from.on('data', (bytes: Buffer) => {
    const kind = trouble();
    const now = performance.now();
    const lateMs = kind?.kind === 'delay' ? kind.delayMs + (Math.random() * 2 - 1) * kind.jitterMs : 0;
    // Nothing overtakes what was read before it.
    lastDueMs = lateMs > 0 || lastDueMs > now ? Math.max(lastDueMs, now + lateMs) : 0;
    pieces.push({ bytes, dueMs: lastDueMs });
    heldBytes += bytes.length;
    if (isCut() || heldBytes >= HELD_LIMIT_BYTES) from.pause();
    drive();
  });
  from.on('end', () => {
    hasEnded = true;
    drive();
  });
  to.on('drain', () => {
    waitsForDrain = false;
    drive();
  });
  const adjust = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    nextFreeMs = 0;
    if (isCut()) from.pause();
    else drive();
  };
  adjust();
  return {
    adjust,
    stop: () => {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
