import { operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { haloAt, newName, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';

const server = await startHalo();
const halo = haloAt(server.url);
afterAll(() => server.stop());

/** Four wrong passwords a name are not yet held up. */
const failuresEach = 4;
const accounts = 40;
const roundsMax = 3;
const seed = Number(process.env.HALO_TEST_SEED ?? 20_260_101);
const resamples = 2_000;
/** Of the median of unknown names: well below what one argon2id hash more or less would make. */
const shareMax = 0.15;

type Pair = readonly [knownMs: number, unknownMs: number];

interface Difference {
  /** The median for known names less that for unknown ones, as a share of the latter. */
  readonly share: number;
  /** Where 95 of 100 resamples put it. */
  readonly low: number;
  readonly high: number;
  readonly medianMs: number;
}

/** Bootstrap over pairs, so that what slowed both of a pair counts for neither. */
function differenceOf(pairs: readonly Pair[]): Difference {
  const random = createRandom(seed);
  const shareOf = (sample: readonly Pair[]): number => {
    const unknown = median(sample.map(([, ms]) => ms));
    return (median(sample.map(([ms]) => ms)) - unknown) / unknown;
  };
  const shares = Array.from({ length: resamples }, () => {
    return shareOf(
      pairs.map((_, index) => pairs[Math.floor(random() * pairs.length)] ?? pairs[index] ?? [0, 1]),
    );
  }).sort((a, b) => a - b);
  const at = (quantile: number) => shares[Math.floor(quantile * shares.length)] ?? Number.NaN;
  return {
    share: shareOf(pairs),
    low: at(0.025),
    high: at(0.975),
    medianMs: median(pairs.map(([, ms]) => ms)),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = sorted.slice(middle - 1, middle + 1);
  return sorted.length % 2 === 0 ? (low + high) / 2 : high;
}

/** The same numbers for the same seed: mulberry32. */
function createRandom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function failMs(name: string): Promise<number> {
  const started = performance.now();
  const response = await halo.post(operations.logIn.path, { name, password: 'a wrong but long password' });
  const took = performance.now() - started;
  expect(response.status).toBe(401);
  await response.arrayBuffer();
  return took;
}

const isTellingApart = ({ share }: Difference) => Math.abs(share) >= shareMax;

/** Known and unknown names by turns; which of the two comes first is left to chance. */
async function measure(random: () => number): Promise<Pair[]> {
  const people: Person[] = [];
  for (let count = 0; count < accounts; count += 1) people.push(await halo.signUp());
  const both = people.map(({ name }) => ({ known: name, unknown: newName() }));
  // Not counted: code that was never run, connections that were never made.
  for (let warm = 0; warm < 10; warm += 1) await failMs(newName());
  const pairs: Pair[] = [];
  for (let failure = 0; failure < failuresEach; failure += 1) {
    for (const { known, unknown } of both) {
      if (random() < 0.5) {
        const knownMs = await failMs(known);
        pairs.push([knownMs, await failMs(unknown)]);
      } else {
        const unknownMs = await failMs(unknown);
        pairs.push([await failMs(known), unknownMs]);
      }
    }
  }
  return pairs;
}

test('a known name with a wrong password takes as long as an unknown name', {
  timeout: 180_000,
}, async () => {
  const random = createRandom(seed + 1);
  const pairs: Pair[] = [];
  // On a busy machine one round may be too few to tell; a real difference only becomes plainer with more.
  for (let round = 0; round < roundsMax; round += 1) {
    pairs.push(...(await measure(random)));
    if (!isTellingApart(differenceOf(pairs))) break;
  }
  const difference = differenceOf(pairs);
  const { share, low, high, medianMs } = difference;
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  console.log(
    `Log-in, known less unknown name: ${percent(share)} of the median of ${medianMs.toFixed(1)} ms, 95 % interval ` +
      `${percent(low)} to ${percent(high)}, ${pairs.length} pairs, seed ${seed}.`,
  );
  expect(isTellingApart(difference)).toBe(false);
  // Proves that the statistics would notice: the times of unknown names against themselves, 30 % longer or shorter.
  const against = (factor: number): Pair[] =>
    pairs.map(([, ms], index) => [(pairs.at(index - 1)?.[1] ?? ms) * factor, ms]);
  expect(isTellingApart(differenceOf(against(1)))).toBe(false);
  for (const factor of [1.3, 0.7]) {
    const shifted = differenceOf(against(factor));
    expect(isTellingApart(shifted)).toBe(true);
    expect(shifted.low > 0 || shifted.high < 0).toBe(true);
  }
});
