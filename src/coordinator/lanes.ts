// Owns which lane a command takes: what belongs to remote branches has a lane of its own, so that ten thousand replies at once
// hold up nobody who only wants stock. Both write through the same ledger, under the same locks.
import { type Command, type Coordinator, orderingKey, type VerdictOf } from './command.ts';

/** A lane, as far as its choice goes. */
type LanePort = Coordinator & { close(): Promise<void> };

/** I12: of how many transactions it is remembered that they have branches. One that is forgotten only takes the longer way. */
const REMEMBERED = 50_000;

interface Occupied {
  readonly lane: LanePort;
  commands: number;
}

export class Lanes implements Coordinator {
  readonly #demand: LanePort;
  readonly #branches: LanePort;
  /** Where the commands under way on a key are: the next on the same key follows them, so that they keep their order. */
  readonly #occupied = new Map<string, Occupied>();
  /** Transactions that were tried with branches here: what follows on them goes to the same lane. */
  readonly #branched = new Set<string>();

  /**
   * @param demand for nearly everything
   * @param branches for Tries that have branches, for replies, and for what operators do about branches
   */
  constructor(demand: LanePort, branches: LanePort) {
    this.#demand = demand;
    this.#branches = branches;
  }

  /** As Lane.submit. */
  submit<C extends Command>(command: C): Promise<VerdictOf<C>> {
    const key = orderingKey(command);
    const occupied = this.#occupied.get(key) ?? this.#occupy(key, command);
    occupied.commands += 1;
    const verdict = occupied.lane.submit(command);
    const leave = (): void => {
      occupied.commands -= 1;
      if (occupied.commands === 0) this.#occupied.delete(key);
    };
    verdict.then(leave, leave);
    return verdict;
  }

  /** Takes no more commands, and resolves once all that were taken are answered. */
  async close(): Promise<void> {
    await Promise.all([this.#demand.close(), this.#branches.close()]);
  }

  #occupy(key: string, command: Command): Occupied {
    const isBranched = isAboutBranches(command) || this.#branched.has(key);
    if (command.kind === 'try' && isBranched) this.#remember(key);
    const occupied = { lane: isBranched ? this.#branches : this.#demand, commands: 0 };
    this.#occupied.set(key, occupied);
    return occupied;
  }

  #remember(id: string): void {
    if (this.#branched.size >= REMEMBERED) {
      const [oldest] = this.#branched;
      if (oldest !== undefined) this.#branched.delete(oldest);
    }
    this.#branched.add(id);
  }
}

function isAboutBranches(command: Command): boolean {
  switch (command.kind) {
    case 'try':
      return command.branches.length > 0;
    case 'branch-reply':
    case 'retry':
    case 'resolve':
    case 'put-participant':
    case 'remove-participant':
      return true;
    default:
      return false;
  }
}
