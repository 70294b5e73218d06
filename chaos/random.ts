// Owns chance with a seed: the same seed makes the same plan and the same stories. (The machine's timing is not the seed's to say.)

export interface Chance {
  /** @returns a number from 0 up to, not including, 1 */
  fraction(): number;
  /** @returns a whole number from `least` to `most`, both included */
  between(least: number, most: number): number;
  /** Whether something with this probability happens. */
  happens(probability: number): boolean;
  /** @throws RangeError where there is nothing to pick from */
  pick<T>(from: readonly T[]): T;
  shuffled<T>(values: readonly T[]): T[];
  /** A UUID of version 4 out of this chance. */
  uuid(): string;
  /** Chance of its own for one purpose, so that what one part draws does not move what another gets. */
  of(purpose: string): Chance;
}

/** sfc32 (PractRand, Chris Doty-Humphrey, public domain), seeded by FNV-1a of the seed and the purpose. */
export function chanceOf(seed: number, purpose = ''): Chance {
  const key = `${seed}/${purpose}`;
  const state = [hash(key, 0x811c9dc5), hash(key, 0x01000193), hash(key, 0x9e3779b9), 1];
  const next = (): number => {
    const [a = 0, b = 0, c = 0, counter = 0] = state;
    const sum = (a + b + counter) | 0;
    state[3] = (counter + 1) | 0;
    state[0] = b ^ (b >>> 9);
    state[1] = (c + (c << 3)) | 0;
    state[2] = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 15; round += 1) next();
  const fraction = (): number => next() / 2 ** 32;
  const between = (least: number, most: number): number => least + Math.floor(fraction() * (most - least + 1));
  const pick = <T>(from: readonly T[]): T => {
    if (from.length === 0) throw new RangeError('there is nothing to pick from');
    return from[between(0, from.length - 1)] as T;
  };
  const shuffled = <T>(values: readonly T[]): T[] => {
    const left = [...values];
    return values.map(() => left.splice(between(0, left.length - 1), 1)[0] as T);
  };
  const uuid = (): string => {
    const hex = Array.from({ length: 32 }, (_, place) =>
      place === 12 ? '4' : place === 16 ? pick([...'89ab']) : between(0, 15).toString(16),
    );
    return [8, 12, 16, 20, 32].map((end, part) => hex.slice([0, 8, 12, 16, 20][part], end).join('')).join('-');
  };
  return {
    fraction,
    between,
    happens: (probability) => fraction() < probability,
    pick,
    shuffled,
    uuid,
    of: (name) => chanceOf(seed, `${purpose}/${name}`),
  };
}

function hash(text: string, basis: number): number {
  let value = basis;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}
