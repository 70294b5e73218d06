// Owns the stream of live figures over server-sent events: one reader for all who listen, none while nobody does. Listeners are
// bounded, and who does not read what is sent is dropped (I12). Ended where the coordinator stops, so that nothing waits for it.
import type { ServerResponse } from 'node:http';
import { tellAnswered } from '../http/observer.ts';
import { dataHeaders } from '../http/security-headers.ts';
import type { Figures, ReadFigures } from '../telemetry/snapshot.ts';
import { type Live, liveOf } from './rates.ts';

export interface LiveFeedOptions {
  readonly read: ReadFigures;
  readonly onFault: (error: unknown) => void;
  readonly intervalMs?: number;
  readonly mostListeners?: number;
  /** How much may wait for a listener that does not read, besides what the system keeps for it. */
  readonly mostBehindBytes?: number;
}

const INTERVAL_MS = 1_000;
const MOST_LISTENERS = 64;
/** A hundred events or so. */
const MOST_BEHIND_BYTES = 32_768;
const STREAM_HEADERS: readonly string[] = [
  ...['Content-Type', 'text/event-stream; charset=utf-8', 'Cache-Control', 'no-store'],
  // A proxy that gathers answers before it passes them on would pass on none of this.
  ...['X-Accel-Buffering', 'no'],
];
/** A line that listeners pass over; so proxies and both ends see that the connection lives where there is nothing to tell. */
const HEARTBEAT = ': still here\n\n';

export class LiveFeed {
  readonly #read: ReadFigures;
  readonly #onFault: (error: unknown) => void;
  readonly #intervalMs: number;
  readonly #mostListeners: number;
  readonly #mostBehindBytes: number;
  readonly #listeners = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | null = null;
  #last: Figures | null = null;
  /** Counts the times that somebody began to listen where nobody did: a reading of an earlier time is none of this one's. */
  #time = 0;
  #closed = false;

  constructor(options: LiveFeedOptions) {
    this.#read = options.read;
    this.#onFault = options.onFault;
    this.#intervalMs = options.intervalMs ?? INTERVAL_MS;
    this.#mostListeners = options.mostListeners ?? MOST_LISTENERS;
    this.#mostBehindBytes = options.mostBehindBytes ?? MOST_BEHIND_BYTES;
  }

  /** How many listen. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /**
   * Sends the stream.
   * @returns false where as many listen as may, or it is over: then nothing was sent
   */
  listen(response: ServerResponse): boolean {
    if (this.#closed || this.#listeners.size >= this.#mostListeners) return false;
    writeStreamHead(response);
    response.write(HEARTBEAT);
    // Figures and traces tell how long callers wait, and nobody waits for the end of this.
    tellAnswered(response);
    response.once('close', () => this.#leave(response));
    this.#listeners.add(response);
    if (this.#listeners.size === 1) this.#begin();
    return true;
  }

  /** Ends the stream of one who may not listen any more. */
  end(response: ServerResponse): void {
    this.#leave(response);
    response.shouldKeepAlive = false;
    response.end();
  }

  /** Ends every stream; the page asks again, wherever it then finds a coordinator. */
  close(): void {
    this.#closed = true;
    this.#stop();
    for (const response of this.#listeners) {
      response.shouldKeepAlive = false;
      response.end();
    }
    this.#listeners.clear();
  }

  #leave(response: ServerResponse): void {
    this.#listeners.delete(response);
    if (this.#listeners.size === 0) this.#stop();
  }

  #begin(): void {
    this.#time += 1;
    void this.#look(this.#time);
  }

  #stop(): void {
    this.#time += 1;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#last = null;
  }

  /** The next look comes an interval after the beginning of this one, or at once where it took longer; never two at a time. */
  async #look(time: number): Promise<void> {
    const begunAt = performance.now();
    const figures = await this.#read().catch((error: unknown) => {
      this.#onFault(error);
      return null;
    });
    if (time !== this.#time) return;
    const text = figures === null || this.#last === null ? HEARTBEAT : eventOf(liveOf(this.#last, figures));
    if (figures !== null) this.#last = figures;
    for (const response of this.#listeners) this.#tell(response, text);
    if (time !== this.#time) return;
    const restMs = Math.max(0, this.#intervalMs - (performance.now() - begunAt));
    this.#timer = setTimeout(() => void this.#look(time), restMs);
  }

  #tell(response: ServerResponse, text: string): void {
    if (response.writableLength > this.#mostBehindBytes) response.destroy();
    else response.write(text);
  }
}

/** Also all of the answer to HEAD. */
export function writeStreamHead(response: ServerResponse): void {
  response.writeHead(200, [...STREAM_HEADERS, ...dataHeaders(response)]);
}

function eventOf(live: Live): string {
  return `data: ${JSON.stringify(live)}\n\n`;
}
