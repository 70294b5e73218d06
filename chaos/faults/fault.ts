// Owns what a fault is: one of a kind, drawn by chance with its target, struck at its time and healed at its end.

import type { Cluster } from '../cluster/ports.ts';
import type { Load } from '../load/ports.ts';
import type { Chance } from '../random.ts';

/** Undoes a fault. Resolves when what it befell works again, or is on its way back. */
export type Heal = () => Promise<void>;

export interface Drawn {
  /** What it befalls, as the report names it. */
  readonly target: string;
  /** What else is known before it strikes; null where nothing is. */
  readonly note: string | null;
  /** What nobody else may trouble meanwhile: two faults of one part would undo one another. */
  readonly parts: readonly string[];
  /** Makes sure that there is something to befall; its time is not the fault's. */
  prepare?(scene: Pick<Scene, 'cluster'>): Promise<void>;
  strike(scene: Scene): Promise<Heal>;
}

/** What faults reach. */
export interface Scene {
  readonly cluster: Cluster;
  readonly load: Load;
  /** Fires when the fault is to be healed; for those that go on striking. */
  readonly over: AbortSignal;
}

/** What there is to befall. */
export interface Layout {
  readonly instances: number;
  readonly participants: readonly string[];
}

export interface FaultKind {
  readonly name: string;
  /** How long it lasts: at least and at most, milliseconds. */
  readonly lastsMs: readonly [number, number];
  /**
   * It is there to hold a promise to its time: it lasts longer than that, and beside it strikes only what excuses nobody from keeping
   * it (see plan.ts).
   */
  readonly inCalm?: boolean;
  draw(chance: Chance, layout: Layout): Drawn;
}
