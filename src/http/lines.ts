// Owns the cutting of an endless stream of bytes into numbered lines, within a bound on memory (I12).
import { isUtf8 } from 'node:buffer';

export const MAX_LINE_BYTES = 65_536;

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = '\uFEFF';

export interface Line {
  /** Counts from 1. */
  readonly number: number;
  readonly text: string;
  /** Why the line cannot be read; its text is empty then. */
  readonly fault: 'too-long' | 'not-utf8' | null;
}

/** Cuts at LF or CRLF. Keeps at most one unfinished line, and of one that is too long nothing at all. */
export class LineSplitter {
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #number = 0;

  /** @returns the lines that the chunk completes */
  push(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#keep(chunk.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  /** @returns the last line, where the stream did not end with a line feed */
  finish(): Line[] {
    return this.#pendingBytes > 0 ? [this.#take()] : [];
  }

  #keep(bytes: Buffer): void {
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes > MAX_LINE_BYTES) this.#pending = [];
    else if (bytes.length > 0) this.#pending.push(bytes);
  }

  #take(): Line {
    this.#number += 1;
    const number = this.#number;
    const isTooLong = this.#pendingBytes > MAX_LINE_BYTES;
    const [only = Buffer.alloc(0)] = this.#pending;
    const bytes = this.#pending.length > 1 ? Buffer.concat(this.#pending) : only;
    this.#pending = [];
    this.#pendingBytes = 0;
    if (isTooLong) return { number, text: '', fault: 'too-long' };
    if (!isUtf8(bytes)) return { number, text: '', fault: 'not-utf8' };
    let text = bytes.toString();
    if (number === 1 && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
    return { number, text: text.endsWith('\r') ? text.slice(0, -1) : text, fault: null };
  }
}
