// Owns what is told of the process itself: its event loop, garbage collections, memory and processor time.
import { constants, monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';
import type { Tallies } from './tallies.ts';

/** How finely the delay of the event loop is looked at: a timer of its own, which costs nothing to speak of. */
const RESOLUTION_MS = 20;
/** Figures of the event loop are of the last so many ms, however often they are read. */
const WINDOW_MS = 10_000;

const COLLECTIONS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

/**
 * Begins to watch this process.
 * @returns stops it
 */
export function watchProcess(tallies: Tallies, version: string): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  // What the monitor measures includes the time it meant to wait.
  const lateSeconds = (ns: number): number => (Number.isFinite(ns) ? Math.max(0, ns / 1e9 - RESOLUTION_MS / 1000) : 0);
  let began = performance.eventLoopUtilization();
  const look = () => ({
    p99: delay.count === 0 ? 0 : lateSeconds(delay.percentile(99)),
    max: delay.count === 0 ? 0 : lateSeconds(delay.max),
    utilization: performance.eventLoopUtilization(began).utilization,
  });
  let last = look();
  const turning = setInterval(() => {
    last = look();
    began = performance.eventLoopUtilization();
    delay.reset();
  }, WINDOW_MS).unref();
  tallies.plainGauge('nodejs_eventloop_delay_p99_seconds', () => last.p99);
  tallies.plainGauge('nodejs_eventloop_delay_max_seconds', () => Math.max(last.max, look().max));
  tallies.plainGauge('nodejs_eventloop_utilization_ratio', () => last.utilization);
  tallies.plainGauge('v8js_memory_heap_used_bytes', () => process.memoryUsage().heapUsed);
  tallies.plainGauge('process_memory_usage_bytes', () => process.memoryUsage.rss());
  tallies.gauge('holdfast_build_info', () => [[[version, process.version], 1]]);
  for (const mode of ['user', 'system'] as const)
    tallies.observedCounter('process_cpu_time_seconds_total', () => process.cpuUsage()[mode] / 1e6, mode);
  for (const kind of Object.values(COLLECTIONS)) tallies.histogram('v8js_gc_duration_seconds', kind);
  const collections = new PerformanceObserver((list) => {
    for (const { duration, ...entry } of list.getEntries()) {
      // Node's types leave out what entries of this kind carry.
      const { kind } = (entry as { readonly detail?: { readonly kind: number } }).detail ?? { kind: 0 };
      tallies.histogram('v8js_gc_duration_seconds', COLLECTIONS[kind] ?? 'other').record(duration / 1000);
    }
  });
  collections.observe({ entryTypes: ['gc'] });
  return () => {
    clearInterval(turning);
    collections.disconnect();
    delay.disable();
  };
}
