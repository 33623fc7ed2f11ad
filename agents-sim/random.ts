/** Chance that can be repeated: the same seed gives the same run. */
export interface Random {
  readonly seed: number;
  /** 0 ≤ x < 1. */
  next(): number;
  /** Whole, from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly [T, ...T[]]): T;
  /** An independent stream, so that one agent's draws do not move another's. */
  fork(label: string): Random;
}

/** A seed for a run that was given none; print it. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

/** Counter-based: each draw hashes seed and counter (the 32-bit finalizer of MurmurHash3), which is plenty for faults. */
export function createRandom(seed: number): Random {
  let counter = 0;
  const next = (): number => {
    counter += 1;
    return mix((seed | 0) ^ Math.imul(counter, 0x9e3779b1)) / 2 ** 32;
  };
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    seed,
    next,
    integer,
    chance: (probability) => next() < probability,
    pick: (items) => items[integer(0, items.length - 1)] ?? items[0],
    fork(label) {
      let hash = seed | 0;
      for (let index = 0; index < label.length; index += 1) hash = mix(hash ^ label.charCodeAt(index)) | 0;
      return createRandom(hash >>> 0);
    },
  };
}

function mix(input: number): number {
  let hash = input;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
