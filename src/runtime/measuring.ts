// Owns putting together what one process measures: its tallies, the gauges about its parts, and what must be asked for elsewhere.
import type { LaneObserver } from '../coordinator/observer.ts';
import { HOTTEST_WINDOW_S, type HotStock, Hottest, mergeHottest } from '../telemetry/hottest.ts';
import { type Parts, watchParts } from '../telemetry/instance.ts';
import { Looks, type LooksOptions } from '../telemetry/looks.ts';
import { mergeFigures } from '../telemetry/merge.ts';
import { watchProcess } from '../telemetry/process.ts';
import { PROMETHEUS_TYPE, prometheusText } from '../telemetry/prometheus.ts';
import { callRecorder, httpRecorder, keepingRecorder, laneRecorder, limitRecorder } from '../telemetry/recorders.ts';
import type { Figures } from '../telemetry/snapshot.ts';
import { Tallies } from '../telemetry/tallies.ts';
import { type Gather, gatherAlone, gatherAsWorker } from './gather.ts';
import { packageVersion } from './version.ts';

export const VERSION = packageVersion();

/** How many of the hottest each process tells the others. */
const HOTTEST_TOLD = 100;

export class Measuring {
  readonly tallies = new Tallies();
  readonly http = httpRecorder(this.tallies);
  readonly calls = callRecorder(this.tallies);
  readonly limits = limitRecorder(this.tallies);
  readonly #hottest = new Hottest();
  readonly #gather: Gather;
  readonly #slot: number;
  readonly #stopProcess: () => void;
  #looks: Looks | null = null;

  /** @param slot which of the instance's processes this is, from 1; null where it is the only one */
  constructor(slot: number | null) {
    this.#slot = slot ?? 1;
    this.#stopProcess = watchProcess(this.tallies, VERSION);
    const answers = { figures: () => this.own(), hottest: async () => this.#hottest.read(HOTTEST_TOLD) };
    this.#gather = slot === null ? gatherAlone(answers) : gatherAsWorker(answers);
  }

  /** Of the background work on the ledger. */
  keeping() {
    return keepingRecorder(this.tallies);
  }

  lane(name: string): LaneObserver {
    return laneRecorder(this.tallies, this.#hottest, name);
  }

  /** Once the parts are there. What is the same for all processes of an instance, the first of them tells. */
  watch(parts: Parts, looks: LooksOptions): void {
    watchParts(this.tallies, parts);
    const isFirst = this.#slot === 1;
    this.#looks = new Looks(this.tallies, isFirst ? looks : { ...looks, standing: null, jobs: null });
  }

  /** Of every process of this instance. */
  async figures(): Promise<Figures> {
    return mergeFigures(await this.#gather('figures'));
  }

  async metrics(): Promise<{ type: string; text: string }> {
    return { type: PROMETHEUS_TYPE, text: prometheusText(await this.figures()) };
  }

  async hottest(limit: number): Promise<{ items: readonly HotStock[]; windowS: number }> {
    return { items: mergeHottest(await this.#gather('hottest'), limit), windowS: HOTTEST_WINDOW_S };
  }

  /** Asks nobody else for figures from now on. */
  stop(): void {
    this.#looks = null;
    this.#stopProcess();
  }

  /** Of this process. */
  async own(): Promise<Figures> {
    await this.#looks?.refresh();
    return this.tallies.read({ worker: String(this.#slot) });
  }
}
