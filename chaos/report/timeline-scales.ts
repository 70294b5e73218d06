// Owns where a moment, a number and a latency stand in the timeline's drawing.

/** From a value to a coordinate, with the values that have a line and a label. */
export interface Scale {
  at(value: number): number;
  readonly ticks: readonly number[];
}

export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const MOST_TIME_TICKS = 13;
const TIME_STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200];
const LEAST_LATENCY_MS = 1;

/** @returns ticks that stand for whole seconds, minutes or hours */
export function timeScale({ left, right }: Area, lastedMs: number): Scale {
  const stepS = TIME_STEPS_S.find((step) => lastedMs / 1_000 / step <= MOST_TIME_TICKS) ?? 14_400;
  return {
    at: (ms) => left + ((right - left) * Math.min(Math.max(ms, 0), lastedMs)) / Math.max(1, lastedMs),
    ticks: Array.from({ length: Math.floor(lastedMs / 1_000 / stepS) + 1 }, (_, place) => place * stepS * 1_000),
  };
}

/** From nothing to a round number that is not below the most. */
export function numberScale({ top, bottom }: Area, most: number): Scale {
  const power = 10 ** Math.floor(Math.log10(Math.max(most, 1)));
  const end = power * ([1, 2, 3, 4, 5, 6, 8, 10].find((times) => times * power >= most) ?? 10);
  return { at: (value) => bottom - ((bottom - top) * value) / end, ticks: [0, end / 2, end] };
}

/** Logarithmic: a fault makes the slowest a thousand times slower. */
export function latencyScale({ top, bottom }: Area, mostMs: number): Scale {
  const decades = Math.max(2, Math.ceil(Math.log10(Math.max(mostMs, LEAST_LATENCY_MS))));
  return {
    at: (ms) => bottom - ((bottom - top) * Math.log10(Math.max(ms, LEAST_LATENCY_MS) / LEAST_LATENCY_MS)) / decades,
    ticks: Array.from({ length: decades + 1 }, (_, place) => LEAST_LATENCY_MS * 10 ** place),
  };
}
