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
const seed = Number(process.env.HALO_TEST_SEED ?? 20_260_101);
const resamples = 2_000;
/** Of the median of unknown names: well below what one argon2id hash more or less would make. */
const shareMax = 0.15;

interface Difference {
  /** The median for known names less that for unknown ones, as a share of the latter. */
  readonly share: number;
  /** Where 95 of 100 resamples put it. */
  readonly low: number;
  readonly high: number;
  readonly medianMs: number;
}

/** Bootstrap over pairs, so that what slowed both of a pair counts for neither. */
function differenceOf(pairs: readonly (readonly [knownMs: number, unknownMs: number])[]): Difference {
  const random = createRandom(seed);
  const shareOf = (sample: typeof pairs): number => {
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

test('a known name with a wrong password takes as long as an unknown name', {
  timeout: 120_000,
}, async () => {
  const people: Person[] = [];
  for (let count = 0; count < accounts; count += 1) people.push(await halo.signUp());
  const strangers = people.map(() => newName());
  const random = createRandom(seed + 1);
  const pairs: (readonly [number, number])[] = [];
  // Not counted: code that was never run, connections that were never made.
  for (let warm = 0; warm < 10; warm += 1) await failMs(newName());
  for (let failure = 0; failure < failuresEach; failure += 1) {
    for (const [index, { name }] of people.entries()) {
      const stranger = strangers[index] ?? newName();
      // Which of the two comes first is left to chance.
      if (random() < 0.5) {
        const known = await failMs(name);
        pairs.push([known, await failMs(stranger)]);
      } else {
        const unknown = await failMs(stranger);
        pairs.push([await failMs(name), unknown]);
      }
    }
  }
  const difference = differenceOf(pairs);
  const { share, low, high, medianMs } = difference;
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  console.log(
    `Log-in, known less unknown name: ${percent(share)} of the median of ${medianMs.toFixed(1)} ms, 95 % interval ` +
      `${percent(low)} to ${percent(high)}, ${pairs.length} pairs, seed ${seed}.`,
  );
  expect(isTellingApart(difference)).toBe(false);
  // Proves that the statistics would notice: the same times with the known ones longer, or shorter, by 30 %.
  for (const factor of [1.3, 0.7]) {
    const shifted = differenceOf(pairs.map(([known, unknown]) => [known * factor, unknown]));
    expect(isTellingApart(shifted)).toBe(true);
    expect(shifted.low > 0 || shifted.high < 0).toBe(true);
  }
});
