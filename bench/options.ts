import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chooseGenerator, type LoadGenerator } from './load.js';
import type { RowSizes } from './rows.js';
import type { TrialSizes } from './trial.js';
import { trials } from './trials.js';

export interface Options {
  /** How long each measurement lasts. */
  readonly seconds: number;
  /** How often each is repeated. */
  readonly rounds: number;
  readonly keys: number;
  /** How much of the other operations. */
  readonly rows: RowSizes;
  readonly trials: TrialSizes;
  /** What is measured: `core`, `rows`, and trials by name. The start always is. */
  readonly names: ReadonlySet<string>;
  /** To see that it works, where figures do not matter. */
  readonly isSmoke: boolean;
  /** Trials that are not done after so long are given up. */
  readonly minutesMax: number;
  readonly generator: LoadGenerator;
  /** Where the results go; undefined: nowhere. */
  readonly output: string | undefined;
}

export const usage = `npm run bench -- [options]
  --seconds N     how long each measurement lasts (8)
  --rounds N      how often each is repeated (3)
  --generator G   wrk or autocannon (wrk where it is installed)
  --output FILE   where the results go (bench/RESULTS.md)
  --only N,N      some of: ${[...allNames()].join(', ')} (all);
                  writes no results unless --output says where
  --growth-keys N how many keys the large store of the trial "growth" has (10000000)
  --minutes N     when trials that are not done are given up (20)
  --smoke         one round of a second each over 500 keys, to see that it works; writes no results`;

/** An access token lasts 15 minutes and is renewed between measurements only. */
const secondsMax = 600;
const roundsMax = 100;

const growthKeysMax = 100_000_000;
const minutesLimit = 600;

const full = {
  ...{ seconds: 8, rounds: 3, keys: 20_000, groupKeys: 900_000 },
  trials: {
    ...{ accounts: 100, connectionsWide: 1_024, growthKeys: 10_000_000 },
    ...{ idleWatchers: 10_000, watchers: 5_000, writes: 20 },
    valueSizes: [
      { title: '1 KB', bytes: 1_024, connections: 64 },
      { title: '64 KB', bytes: 64 * 1_024, connections: 32 },
      { title: '1 MB', bytes: 1_024 ** 2, connections: 8 },
      { title: '25 MB', bytes: 25 * 1_024 ** 2, connections: 4 },
    ],
    uploads: 64,
  },
};
const smoke = {
  ...{ seconds: 1, rounds: 1, keys: 500, groupKeys: 5_000 },
  trials: {
    ...{ accounts: 4, connectionsWide: 128, growthKeys: 20_000 },
    ...{ idleWatchers: 100, watchers: 50, writes: 3 },
    valueSizes: [{ title: '64 KB', bytes: 64 * 1_024, connections: 8 }],
    uploads: 4,
  },
};

/** @throws Error saying what cannot be used */
export async function readOptions(words: readonly string[]): Promise<Options> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      generator: { type: 'string' },
      output: { type: 'string' },
      only: { type: 'string' },
      'growth-keys': { type: 'string' },
      minutes: { type: 'string' },
      smoke: { type: 'boolean', default: false },
    },
  });
  const standard = values.smoke ? smoke : full;
  const results = fileURLToPath(new URL('../RESULTS.md', import.meta.url));
  const { groupKeys, trials: sizes } = standard;
  const seconds = readCount('seconds', values.seconds, standard.seconds, secondsMax);
  return {
    seconds,
    rows: { seconds, groupKeys },
    trials: {
      ...sizes,
      growthKeys: readCount('growth-keys', values['growth-keys'], sizes.growthKeys, growthKeysMax),
    },
    names: readNames(values.only),
    isSmoke: values.smoke,
    minutesMax: readCount('minutes', values.minutes, 20, minutesLimit),
    rounds: readCount('rounds', values.rounds, standard.rounds, roundsMax),
    keys: standard.keys,
    generator: readGenerator(values.generator) ?? (await chooseGenerator()),
    output: values.output ?? (values.smoke || values.only !== undefined ? undefined : results),
  };
}

function readNames(text: string | undefined): ReadonlySet<string> {
  const known = allNames();
  if (text === undefined) return known;
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return new Set(names);
  throw new Error(`--only has "${unknown}". Give some of: ${[...known].join(', ')}.`);
}

/** A function, since it is needed before constants are there. */
function allNames(): ReadonlySet<string> {
  return new Set(['core', 'rows', 'start', ...trials.map(({ name }) => name)]);
}

function readCount(name: string, text: string | undefined, standard: number, max: number): number {
  if (text === undefined) return standard;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= max) return count;
  throw new Error(`--${name} is "${text}". Give a whole number from 1 to ${max}.`);
}

function readGenerator(name: string | undefined): LoadGenerator | undefined {
  if (name === undefined || name === 'wrk' || name === 'autocannon') return name;
  throw new Error(`--generator is "${name}". Give wrk or autocannon.`);
}
