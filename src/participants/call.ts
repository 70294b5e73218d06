// Owns one call to a participant over HTTP: kept-alive connections, a time limit for the whole, a limit to the size of the
// answer, no redirects followed. It answers with a Reply whatever happens, and throws nothing.
import { type Dispatcher, Pool } from 'undici';
import type { CallDetails } from '../coordinator/branch-work.ts';
import type { BranchCall } from '../coordinator/effects.ts';
import { newId } from '../coordinator/identifiers.ts';
import type { Participant } from '../coordinator/model.ts';
import { type AddressGuard, guardedConnector } from './address-guard.ts';
import { noReply, oversizedReply, type Reply, replyOf } from './reply-table.ts';
import { Signer } from './signature.ts';

/** Nobody needs more than this to say yes or no (I12). */
export const MAX_REPLY_BYTES = 65_536;
const MAX_HEADER_BYTES = 16_384;
/** As much of a body as may help to find out why. */
const SHOWN_BYTES = 2048;

/** The connections to one participant, as it is registered at the moment. */
export class Connection {
  readonly #participant: Participant;
  // Not an Agent: one that is closing no longer knows its calls, and could not break them off.
  readonly #pool: Pool;
  readonly #origin: string;
  readonly #path: string;
  readonly #signer = new Signer();

  constructor(participant: Participant, guard: AddressGuard) {
    this.#participant = participant;
    const url = new URL(participant.url);
    this.#origin = url.origin;
    this.#path = url.pathname.replace(/\/$/, '');
    this.#pool = new Pool(url.origin, {
      connections: participant.maxConcurrency,
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      connect: guardedConnector(guard, participant.timeoutMs),
      // One clock for the whole call is ours, below; these two would each count a part of it.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Whether these connections are what the registration asks for now. */
  fits({ url, timeoutMs, maxConcurrency }: Participant): boolean {
    const mine = this.#participant;
    return mine.url === url && mine.timeoutMs === timeoutMs && mine.maxConcurrency === maxConcurrency;
  }

  /** @param traceparent of the span that tells of this call; null where none does */
  call(call: BranchCall, details: CallDetails, traceparent: string | null = null): Promise<Reply> {
    return new Promise((resolve) => {
      const answer = new Answer(this.#participant.timeoutMs, resolve);
      // Stable over all attempts, which is what Standard Webhooks asks of a message's id.
      const id = `${call.branchId}:${call.phase}`;
      const body = bodyOf(call, details);
      // By the clock that coordinators share: that of this process may be wrong.
      const signature = this.#signer.headersFor(details.secrets, id, details.now, body);
      const options: Dispatcher.DispatchOptions = {
        origin: this.#origin,
        path: `${this.#path}/${call.phase}`,
        method: 'POST',
        headers: [...headersOf(id, traceparent ?? continued(details.traceparent)), ...signature],
        body,
      };
      try {
        this.#pool.dispatch(options, answer);
      } catch (error) {
        // A URL that undici takes no calls to, or a connection that is being closed.
        answer.onResponseError(null, error);
      }
    });
  }

  /** Lets go of the connections once their calls are done. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  /** Lets go of them at once: calls under way come to nothing. */
  destroy(): Promise<void> {
    return this.#pool.destroy();
  }
}

/** One answer as it comes in. undici's plain dispatch takes half the time that its streams and signals do. */
class Answer implements Dispatcher.DispatchHandler {
  readonly #timeoutMs: number;
  readonly #late: NodeJS.Timeout;
  #resolve: ((reply: Reply) => void) | null;
  #controller: Dispatcher.DispatchController | null = null;
  #status = 0;
  #location: string | null = null;
  #bytes = 0;
  readonly #shown: Buffer[] = [];

  constructor(timeoutMs: number, resolve: (reply: Reply) => void) {
    this.#timeoutMs = timeoutMs;
    this.#resolve = resolve;
    this.#late = setTimeout(() => this.#giveUp(noReply(null, timeoutMs, true)), timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Its time was up while it waited for a connection: then it is not sent.
    if (this.#resolve === null) controller.abort(new Error('given up'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: { location?: string | undefined }): void {
    this.#status = status;
    this.#location = headers.location ?? null;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#bytes < SHOWN_BYTES) this.#shown.push(chunk.subarray(0, SHOWN_BYTES - this.#bytes));
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_REPLY_BYTES) this.#giveUp(oversizedReply(this.#status, MAX_REPLY_BYTES));
  }

  onResponseEnd(): void {
    this.#settle(replyOf(this.#status, Buffer.concat(this.#shown).toString('utf8'), this.#location));
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: unknown): void {
    this.#settle(noReply(error, this.#timeoutMs, false));
  }

  /** Nothing more of it is read, and its connection goes. */
  #giveUp(reply: Reply): void {
    this.#settle(reply);
    this.#controller?.abort(new Error('given up'));
  }

  #settle(reply: Reply): void {
    clearTimeout(this.#late);
    this.#resolve?.(reply);
    this.#resolve = null;
  }
}

function headersOf(id: string, traceparent: string): string[] {
  return [
    ...['content-type', 'application/json', 'accept', 'application/json', 'user-agent', 'holdfast'],
    ...['idempotency-key', id, 'traceparent', traceparent],
  ];
}

function bodyOf(call: BranchCall, { attempts, payload, expiresAt }: CallDetails): string {
  const { transactionId, branchId, participant, phase } = call;
  return `{"transactionId":"${transactionId}","branchId":"${branchId}","participant":"${participant}","phase":"${phase}","attempt":${attempts + 1},"expiresAt":"${new Date(expiresAt).toISOString()}","payload":${payload ?? 'null'}}`;
}

/** The caller's trace, this call being a step of its own in it (W3C Trace Context, 3.4). */
function continued(traceparent: string): string {
  const [version = '00', traceId = '', , flags = '00'] = traceparent.split('-');
  const id = newId();
  // The random half of an id made here, never all zeros.
  return `${version}-${traceId}-${id.slice(19, 23)}${id.slice(24)}-${flags}`;
}
