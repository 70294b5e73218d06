// Owns how the parts of a run see the cluster: what the load asks, what the faults break, what the checks read.
import type { CallRecord, ExitRecord } from '../record.ts';

/** A link that can be troubled. Every connection of the system goes over one. */
export interface Link {
  /** Who calls whom: `coordinator-0 → postgres`. */
  readonly name: string;
  /** Where the caller connects to. */
  readonly port: number;
  /** What happens to it from now on, to connections that are open as well; `null` heals it. */
  trouble(kind: LinkTrouble | null): void;
  /** Every open connection is reset (RST), once. */
  reset(): void;
}

export type LinkTrouble =
  /** Nothing gets through either way; connections stay, and new ones hang. When it heals, what waited goes on. */
  | { readonly kind: 'cut' }
  /** New connections are reset at once, and those that were open too. */
  | { readonly kind: 'refuse' }
  /** Requests get through, replies do not; when it heals, the connections whose replies were lost are reset. */
  | { readonly kind: 'lose-replies' }
  /** Every piece is held up by this long, give or take the jitter; order is kept. */
  | { readonly kind: 'delay'; readonly delayMs: number; readonly jitterMs: number }
  /** No more than this much a second, each way. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number };

export interface CoordinatorPort {
  readonly index: number;
  readonly name: string;
  /** Where clients ask it: through its link. */
  readonly url: string;
  readonly toPostgres: Link;
  readonly toRedis: Link;
  /** By participant. All coordinators share one where the system does not tell who calls (not Linux). */
  readonly toParticipants: ReadonlyMap<string, Link>;
  readonly fromClients: Link;
  /** Null while it does not run. */
  pid(): number | null;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM, and waits for its end; SIGKILL after 12 s. @returns its exit code, null where it had to be killed */
  terminate(): Promise<number | null>;
  pause(): void;
  resume(): void;
  /** Starts it again where it does not run, on the same port. Resolves when it listens, or rejects after a minute. */
  start(): Promise<void>;
  /** Its wall clock shows this much more than the real one, from now on (libfaketime); 0 sets it right. */
  setClock(offByMs: number): Promise<void>;
  /** Resident memory, bytes; null where it does not run or it cannot be told. */
  memory(): number | null;
  /** The last lines it printed. */
  output(): string;
}

export interface PostgresPort {
  /** Past every proxy. */
  readonly url: string;
  /** Immediate shutdown of all processes, and a start on the same data. */
  restart(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  /** pg_terminate_backend of every coordinator's connection. */
  killBackends(): Promise<number>;
  /** Takes every connection there is, and ends the coordinators' own. @returns gives them back */
  exhaustConnections(): Promise<() => Promise<void>>;
  /** Fills the file system it stands on, a small one made for this run. Null where none could be made. @returns empties it */
  readonly fillDisk: (() => Promise<() => Promise<void>>) | null;
}

export interface RedisPort {
  kill(): Promise<void>;
  /** On the data it has. */
  start(): Promise<void>;
  flush(): Promise<void>;
  /** Kills it and starts it with nothing. */
  restartEmpty(): Promise<void>;
  /** Remembers what it holds now. */
  takeSnapshot(): Promise<void>;
  /** Kills it and starts it with what it held at the last takeSnapshot(). */
  rollBack(): Promise<void>;
  pause(): void;
  resume(): void;
}

export type ParticipantMode = 'ok' | 'down' | 'hang' | 'slow' | '500' | '409' | '425' | '202' | 'garbage' | 'half';

export interface ParticipantPort {
  readonly name: string;
  /** How it behaves from now on. */
  behave(mode: ParticipantMode): Promise<void>;
}

export interface Cluster {
  readonly coordinators: readonly CoordinatorPort[];
  readonly postgres: PostgresPort;
  readonly redis: RedisPort;
  readonly participants: readonly ParticipantPort[];
  /** Whether clocks can be set wrong here; otherwise why not. */
  readonly clocks: { readonly canBeSet: true } | { readonly canBeSet: false; readonly why: string };
  /** Why the disk cannot be filled here; null where it can. */
  readonly noDiskWhy: string | null;
  /** Every call that reached a participant so far and was not taken yet. */
  takeCalls(): CallRecord[];
  /** Every end of a coordinator so far that was not taken yet. */
  takeExits(): ExitRecord[];
  /** Ends every process it started and removes its folder. May be called twice. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly instances: number;
  readonly participants: readonly string[];
  /** Preloads libfaketime into the coordinators. */
  readonly withClocks: boolean;
  /** Puts PostgreSQL on a small file system of its own, where that can be made. */
  readonly withSmallDisk: boolean;
  /** The tree the coordinators are started from: this one, or a deliberately broken copy of it. */
  readonly tree: string;
  /** More settings of theirs. */
  readonly environment: Readonly<Record<string, string>>;
}
