// Owns one connection of a run: requests one after the other on a plain socket, since no client sends what is sent here. It is opened
// again whenever the other side, or a request that is cut off, has ended it. What comes back is read by the letter of RFC 9112.
import { connect, type Socket } from 'node:net';
import { bytesOf } from './framing.ts';
import type { FuzzRequest } from './requests.ts';

export interface WireAnswer {
  readonly status: number;
  /** Names in lower case, as they came. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  /** Why it is no answer of HTTP/1.1; null where it is one. */
  readonly fault: string | null;
}

const PATIENCE_MS = 20_000;
const HEAD_END = Buffer.from('\r\n\r\n');
const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\t\x20-\x7e\x80-\xff]*)$/;

export class Wire {
  readonly #host: string;
  readonly #port: number;
  #socket: Socket | null = null;
  #bytes: Buffer = Buffer.alloc(0);
  #arrived: () => void = () => {};
  /** What came before on the same connection, for whoever looks for why an answer did not come. */
  #before = 'nothing';

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
  }

  /**
   * @param credential a header; null for none
   * @returns null where the connection ended without an answer
   */
  async send(request: FuzzRequest, credential: readonly [string, string] | null): Promise<WireAnswer | null> {
    const socket = await this.#open();
    socket.write(bytesOf(request, credential));
    if (request.cutAt !== null) socket.end();
    const answer = await this.#answer(socket, request.method === 'HEAD');
    const before = this.#before;
    this.#before = `${request.method} ${request.target.slice(0, 200)} ${request.framing}, answered ${answer?.status ?? 'nothing'}`;
    if (answer === null || isLast(answer) || request.cutAt !== null) this.close();
    return answer?.fault == null ? answer : { ...answer, fault: `${answer.fault}; before it on this connection: ${before}` };
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  async #open(): Promise<Socket> {
    const known = this.#socket;
    if (known !== null && !known.destroyed && known.writable && known.readable) return known;
    known?.destroy();
    const socket = connect(this.#port, this.#host);
    this.#bytes = Buffer.alloc(0);
    this.#before = 'nothing';
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
      this.#arrived();
    });
    // What ends it shows in the answer that does not come.
    socket.on('error', () => {});
    socket.on('close', () => this.#arrived());
    await new Promise<void>((resolve) => {
      socket.once('connect', resolve);
      socket.once('close', () => resolve());
    });
    this.#socket = socket;
    return socket;
  }

  #answer(socket: Socket, isHead: boolean): Promise<WireAnswer | null> {
    return new Promise((resolve) => {
      const end = (answer: WireAnswer | null): void => {
        clearTimeout(late);
        this.#arrived = () => {};
        resolve(answer);
      };
      const late = setTimeout(() => {
        end(noAnswer(`nothing whole within ${PATIENCE_MS} ms, but: ${this.#bytes.toString('latin1', 0, 300)}`));
      }, PATIENCE_MS);
      this.#arrived = () => {
        const read = this.#read(isHead);
        if (read !== 'more') end(read);
        else if (socket.destroyed || socket.readableEnded) {
          end(this.#bytes.length === 0 ? null : noAnswer(`cut off: ${this.#bytes.toString('latin1', 0, 300)}`));
        }
      };
      this.#arrived();
    });
  }

  /** Takes one answer off what has come; more than that has nobody asked for. */
  #read(isHead: boolean): WireAnswer | 'more' {
    for (;;) {
      const read = readAnswer(this.#bytes, isHead);
      if (read === 'more') return read;
      this.#bytes = this.#bytes.subarray(read.lengthBytes);
      // 100 Continue comes before the answer, not in its place.
      if (read.answer.status === 100) continue;
      if (this.#bytes.length === 0 || isStream(read.answer)) return read.answer;
      // What the parser could not read has no method: that it was a HEAD, nobody there knows.
      if (isHead && read.answer.status === 400 && headerOf(read.answer, 'connection') === 'close') return read.answer;
      return { ...read.answer, fault: `behind it comes what nobody asked for: ${this.#bytes.toString('latin1', 0, 200)}` };
    }
  }
}

export function headerOf({ headers }: WireAnswer, name: string): string | null {
  return headers.find(([one]) => one === name)?.[1] ?? null;
}

/** The live figures: they go on for ever. */
function isStream(answer: WireAnswer): boolean {
  return headerOf(answer, 'content-type')?.startsWith('text/event-stream') === true;
}

function isLast(answer: WireAnswer): boolean {
  return answer.fault !== null || isStream(answer) || headerOf(answer, 'connection') === 'close';
}

function noAnswer(fault: string): WireAnswer {
  return { status: 0, headers: [], body: Buffer.alloc(0), fault };
}

function readAnswer(bytes: Buffer, isHead: boolean): { readonly answer: WireAnswer; readonly lengthBytes: number } | 'more' {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return 'more';
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const status = Number(STATUS_LINE.exec(statusLine)?.[1] ?? 0);
  const fields = lines.map((line) => FIELD.exec(line));
  if (status === 0 || fields.includes(null))
    return { answer: noAnswer(`no head of an answer: ${bytes.toString('latin1', 0, 500)}`), lengthBytes: bytes.length };
  const headers = fields.map((field) => [field?.[1]?.toLowerCase() ?? '', field?.[2] ?? ''] as const);
  const from = headEnd + HEAD_END.length;
  const head: WireAnswer = { status, headers, body: Buffer.alloc(0), fault: null };
  const hasNone = isHead || status < 200 || status === 204 || status === 304 || isStream(head);
  const declared = headerOf(head, 'content-length');
  if (!hasNone && !/^\d+$/.test(declared ?? ''))
    return { answer: { ...head, fault: 'it does not say how long it is' }, lengthBytes: bytes.length };
  const to = from + (hasNone ? 0 : Number(declared));
  return bytes.length < to ? 'more' : { answer: { ...head, body: bytes.subarray(from, to) }, lengthBytes: to };
}
