// Owns what an administrative act is recorded with: who, from where, what and why. The entry is written in the commit of the act
// itself; its place in the chain it gets afterwards (src/access/chain.ts).

/** Who acts. */
export interface Actor {
  /** `operator`: somebody at the command line. `nobody`: there is no authentication. */
  readonly kind: 'key' | 'token' | 'operator' | 'nobody';
  /** The key's id, the token's subject, the user of the operating system; empty for nobody. */
  readonly id: string;
  readonly name: string;
}

/** Who asks for something, and from where. */
export interface Asker {
  readonly actor: Actor;
  /** The address it came from. */
  readonly address: string;
}

export type ActKind =
  | 'key.create'
  | 'key.adopt'
  | 'key.rotate'
  | 'key.revoke'
  | 'participant.put'
  | 'participant.remove'
  | 'transaction.retry'
  | 'transaction.resolve'
  | 'transaction.cancel'
  | 'stock.move'
  | 'stock.count'
  | 'stock.import.begin'
  | 'stock.import';

export interface Act extends Asker {
  readonly act: ActKind;
  /** What it was done to: an id, a name. */
  readonly subject: string;
  /** Why, in the words of whoever acts; null where nothing was said. */
  readonly note: string | null;
  /** What exactly, as JSON: nothing secret. */
  readonly detail: Readonly<Record<string, unknown>>;
}
