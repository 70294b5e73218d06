// Owns one connection of a run: requests one after the other on a plain socket, since no client sends what is sent here. It is opened
// again whenever the other side, or a request that is cut off, has ended it.
import { connect, type Socket } from 'node:net';
import type { FuzzRequest } from './requests.ts';

export interface WireAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const PATIENCE_MS = 20_000;
const HEAD_END = Buffer.from('\r\n\r\n');

export class Wire {
  readonly #host: string;
  readonly #port: number;
  #socket: Socket | null = null;
  /** What came before on the same connection, for whoever looks for why an answer did not come. */
  #before = 'nothing';

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
  }

  /** @returns null where the connection ended without an answer */
  async send(request: FuzzRequest, authorization: string | null): Promise<WireAnswer | null> {
    const socket = await this.#open();
    const { method, target, headers, body, cutAt } = request;
    const lines = [`${method} ${target} HTTP/1.1`, 'Host: localhost'];
    if (authorization !== null) lines.push(`Authorization: ${authorization}`);
    for (const [name, value] of headers) lines.push(`${name}: ${value}`);
    if (body !== null) lines.push(`Content-Length: ${body.length}`);
    const answer = answerOn(socket, method === 'HEAD');
    socket.write(
      Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), (body ?? Buffer.alloc(0)).subarray(0, cutAt ?? undefined)]),
    );
    if (cutAt !== null) socket.end();
    const told = await answer;
    const before = this.#before;
    this.#before = `${method} ${target.slice(0, 200)} ${JSON.stringify(headers)}, answered ${told?.status ?? 'nothing'}`;
    if (told === null || told.isLast || cutAt !== null) this.close();
    return told?.status === 0 ? { ...told, body: `${told.body}; before it on this connection: ${before}` } : told;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  async #open(): Promise<Socket> {
    const known = this.#socket;
    if (known !== null && !known.destroyed && known.writable && known.readable) return known;
    const socket = connect(this.#port, this.#host);
    // What ends it shows in the answer that does not come.
    socket.on('error', () => {});
    await new Promise<void>((resolve) => {
      socket.once('connect', resolve);
      socket.once('close', () => resolve());
    });
    this.#socket = socket;
    this.#before = 'nothing';
    return socket;
  }
}

/** Reads one answer. Those of the service say how long they are, but for a stream, which no request here asks for. */
function answerOn(socket: Socket, isHead: boolean): Promise<(WireAnswer & { readonly isLast: boolean }) | null> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const end = (answer: (WireAnswer & { readonly isLast: boolean }) | null): void => {
      clearTimeout(late);
      socket.off('data', take);
      socket.off('close', closed);
      resolve(answer);
    };
    const late = setTimeout(
      () =>
        end({
          status: 0,
          contentType: '',
          body: `no answer within ${PATIENCE_MS} ms, but ${bytes.length} bytes: ${bytes.toString('latin1', 0, 300)}`,
          isLast: true,
        }),
      PATIENCE_MS,
    );
    const closed = (): void => end(null);
    const take = (chunk: Buffer): void => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const answer = readAnswer(bytes, isHead);
      if (answer === 'more') return;
      // 100 Continue comes before the answer, not in its place.
      if (answer.status === 100) {
        bytes = bytes.subarray(bytes.indexOf(HEAD_END) + HEAD_END.length);
        if (bytes.length > 0) take(Buffer.alloc(0));
      } else end(answer);
    };
    socket.on('data', take);
    socket.once('close', closed);
    if (socket.destroyed) closed();
  });
}

function readAnswer(bytes: Buffer, isHead: boolean): (WireAnswer & { readonly isLast: boolean }) | 'more' {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return 'more';
  const head = bytes.toString('latin1', 0, headEnd);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  const length = isHead || status === 204 || status === 304 ? 0 : Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  const from = headEnd + HEAD_END.length;
  if (bytes.length < from + length) return 'more';
  const contentType = /^content-type: *([^\r\n]*)/im.exec(head)?.[1] ?? '';
  return { status, contentType, body: bytes.toString('utf8', from, from + length), isLast: /^connection: *close/im.test(head) };
}
