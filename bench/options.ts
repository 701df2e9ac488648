import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chooseGenerator, type LoadGenerator } from './load.js';
import type { RowSizes } from './rows.js';

export interface Options {
  /** How long each measurement lasts. */
  readonly seconds: number;
  /** How often each is repeated. */
  readonly rounds: number;
  readonly keys: number;
  /** How much of the other operations. */
  readonly rows: RowSizes;
  readonly generator: LoadGenerator;
  /** Where the results go; undefined: nowhere. */
  readonly output: string | undefined;
}

export const usage = `npm run bench -- [options]
  --seconds N     how long each measurement lasts (8)
  --rounds N      how often each is repeated (3)
  --generator G   wrk or autocannon (wrk where it is installed)
  --output FILE   where the results go (bench/RESULTS.md)
  --smoke         one round of a second each over 500 keys, to see that it works; writes no results`;

/** An access token lasts 15 minutes and is renewed between measurements only. */
const secondsMax = 600;
const roundsMax = 100;

const full = { seconds: 8, rounds: 3, keys: 20_000, groupKeys: 900_000, watchers: 1_000, writes: 20 };
const smoke = { seconds: 1, rounds: 1, keys: 500, groupKeys: 5_000, watchers: 50, writes: 3 };

/** @throws Error saying what cannot be used */
export async function readOptions(words: readonly string[]): Promise<Options> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      generator: { type: 'string' },
      output: { type: 'string' },
      smoke: { type: 'boolean', default: false },
    },
  });
  const standard = values.smoke ? smoke : full;
  const results = fileURLToPath(new URL('../RESULTS.md', import.meta.url));
  const { groupKeys, watchers, writes } = standard;
  const seconds = readCount('seconds', values.seconds, standard.seconds, secondsMax);
  return {
    seconds,
    rows: { seconds, groupKeys, watchers, writes },
    rounds: readCount('rounds', values.rounds, standard.rounds, roundsMax),
    keys: standard.keys,
    generator: readGenerator(values.generator) ?? (await chooseGenerator()),
    output: values.output ?? (values.smoke ? undefined : results),
  };
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
