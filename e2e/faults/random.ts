/** Draws whole numbers from 0 up to, but not with, `below`. */
export type Random = (below: number) => number;

/** The same numbers for the same seed: mulberry32, which is good enough to choose what to do. */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** The same for all test files of a run; HALO_TEST_SEED repeats it. */
export const seed = Number(process.env.HALO_TEST_SEED);
