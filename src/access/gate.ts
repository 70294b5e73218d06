// Owns the decision who gets in: from what a request says of itself to who is behind it, or why it is refused (contract, section 8).
import { type Problem, problem } from '../errors.ts';
import type { Keyring } from './keyring.ts';
import { refusalOfStranger } from './loopback.ts';
import { mayUse, type Principal } from './principal.ts';
import { type Need, needOf } from './routes.ts';
import type { Tokens } from './tokens.ts';

/** What of a request counts. */
export interface Knock {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The key or token that came with it; null where none did. */
  readonly credential: string | null;
  /** Whether it came as the console's cookie: what the console reads needs the console's scope. */
  readonly isSession: boolean;
  /** The Host header; null where there is none. */
  readonly host: string | null;
  /** Sec-Fetch-Site; null where no browser says it. */
  readonly site: string | null;
}

/** Let in: as whom, or null where nobody needs to be known. */
export type Answer =
  | { readonly ok: true; readonly principal: Principal | null }
  | { readonly ok: false; readonly problem: Problem; readonly challenge: string | null };

export interface Gate {
  /** Whether there is a key or an issuer: without, whoever reaches the loopback is let in. */
  readonly isOn: boolean;
  /** Waits only for a token that was not met before. */
  admit(knock: Knock): Answer | Promise<Answer>;
  /** Who a key or a token stands for; null where it is not good. */
  principalOf(credential: string): Principal | null | Promise<Principal | null>;
  /** Whether whoever was let in would be let in still: for answers that go on. */
  isStillGood(principal: Principal): boolean;
}

/** For where there is no authentication at all: tests of what lies behind the gate. */
export const OPEN_GATE: Gate = {
  isOn: false,
  admit: () => ({ ok: true, principal: null }),
  principalOf: () => null,
  isStillGood: () => true,
};

const READS: ReadonlySet<Need> = new Set(['transactions:read', 'stock:read']);
const UNKNOWN: Answer = { ok: true, principal: null };
/** How credentials are shown here (RFC 6750). */
export const CHALLENGE = 'Bearer realm="holdfast"';

export class KeyedGate implements Gate {
  readonly #keyring: Keyring;
  readonly #tokens: Tokens | null;

  /** @param tokens null where no issuer is configured */
  constructor(keyring: Keyring, tokens: Tokens | null) {
    this.#keyring = keyring;
    this.#tokens = tokens;
  }

  get isOn(): boolean {
    return this.#tokens !== null || this.#keyring.everMade;
  }

  admit({ method, path, credential, isSession, host, site }: Knock): Answer | Promise<Answer> {
    const asked = needOf(method, path);
    const need = isSession && READS.has(asked) ? 'operations:read' : asked;
    // Probes of load balancers and container engines come under any name.
    if (need === 'none') return UNKNOWN;
    if (!this.isOn) {
      const stranger = refusalOfStranger(host, site);
      return stranger === null ? UNKNOWN : { ok: false, problem: stranger, challenge: null };
    }
    if (credential === null) return unauthenticated('This needs Authorization: Bearer with a key or a token.', CHALLENGE);
    const principal = this.principalOf(credential);
    if (principal instanceof Promise) return principal.then((found) => answerFor(found, need));
    return answerFor(principal, need);
  }

  principalOf(credential: string): Principal | null | Promise<Principal | null> {
    if (credential.startsWith('hf_')) return this.#keyring.principalOf(credential);
    return this.#tokens === null ? null : (this.#tokens.remembered(credential) ?? this.#tokens.principalOf(credential));
  }

  isStillGood(principal: Principal): boolean {
    // A token is good until it ends, whoever holds it; nobody can take it back.
    return principal.kind === 'token' ? this.#tokens?.isStillGood(principal) === true : this.#keyring.has(principal.id);
  }
}

function answerFor(principal: Principal | null, need: Need): Answer {
  // Why it is not good is nobody's business but its owner's, who can look (GET /v1/keys).
  if (principal === null)
    return unauthenticated('The key or token is not good here, or no longer.', `${CHALLENGE}, error="invalid_token"`);
  if (need === 'any' || need === 'none' || mayUse(principal, need)) return { ok: true, principal };
  return {
    ok: false,
    problem: problem('forbidden', `This needs the scope ${need}, which the key or token has not.`, { scope: need }),
    challenge: `${CHALLENGE}, error="insufficient_scope", scope="${need}"`,
  };
}

function unauthenticated(detail: string, challenge: string): Answer {
  return { ok: false, problem: problem('unauthenticated', detail), challenge };
}
