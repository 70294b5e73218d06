// Owns the calls about participants, for administrators.
import type { Participant } from './answers.ts';
import { HoldfastError } from './errors.ts';
import type { CallOptions, ParticipantSettings } from './requests.ts';
import { isAnything, isPage, isParticipant } from './shapes.ts';
import { pathOf, type Send } from './transport.ts';

/** Every call throws HoldfastError, HoldfastUnavailable, or the reason of its signal. */
export class ParticipantCalls {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  /**
   * Registers a participant, or changes it. Where no `secret` is given and it has none, the coordinator makes one and shows it in that
   * answer alone; so a call without one is not repeated after a lost answer: give a secret, and it is.
   */
  async put(name: string, settings: ParticipantSettings, options: CallOptions = {}): Promise<Participant> {
    const repeat = settings.secret === undefined ? 'when-refused' : 'freely';
    const path = pathOf`/v1/participants/${name}`;
    return (await this.#send({ method: 'PUT', path, json: settings, repeat, isAnswer: isParticipant, options }))
      .body as Participant;
  }

  /** @throws HoldfastError `unknown-participant` */
  async get(name: string, options: CallOptions = {}): Promise<Participant> {
    const path = pathOf`/v1/participants/${name}`;
    return (await this.#send({ method: 'GET', path, repeat: 'freely', isAnswer: isParticipant, options })).body as Participant;
  }

  /** Every participant, by name; there are few, and they come in one page. */
  async *list(options: CallOptions = {}): AsyncGenerator<Participant, void, undefined> {
    const answer = await this.#send({ method: 'GET', path: '/v1/participants', repeat: 'freely', isAnswer: isPage, options });
    yield* (answer.body as { readonly items: readonly Participant[] }).items;
  }

  /**
   * @throws HoldfastError `unknown-participant`; `invalid-transition` while open transactions name it
   */
  async delete(name: string, options: CallOptions = {}): Promise<void> {
    try {
      const path = pathOf`/v1/participants/${name}`;
      await this.#send({ method: 'DELETE', path, repeat: 'freely', isAnswer: isAnything, options });
    } catch (error) {
      // An attempt before this one was lost, and did it.
      if (error instanceof HoldfastError && error.code === 'unknown-participant' && error.outcome === 'unknown') return;
      throw error;
    }
  }
}
