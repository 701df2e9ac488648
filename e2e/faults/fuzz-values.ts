import { peculiarKeys } from '../legal-keys.js';
import type { Random } from './random.js';

/** As much of JSON Schema as the document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly examples?: readonly unknown[];
}

/** What earlier answers told, by the names of members, so that requests ask for what is there. */
export type Pools = ReadonlyMap<string, unknown[]>;

export interface ValueOptions {
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly pools: Pools;
  readonly random: Random;
  /** How many of a hundred values are to be something else. */
  readonly wrong: number;
}

/** Draws a value that a schema allows, or at times one that it does not. */
export function drawValue(schema: Schema, name: string, options: ValueOptions): unknown {
  const { random, schemas, pools, wrong } = options;
  if (random(100) < wrong) return drawJunk(random);
  if (schema.$ref !== undefined) {
    return drawValue(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, name, options);
  }
  if ('const' in schema) return schema.const;
  if (schema.anyOf !== undefined) return drawValue(pick(schema.anyOf, random), name, options);
  const known = pools.get(name);
  if (known !== undefined && known.length > 0 && random(100) < 70) return pick(known, random);
  if (schema.examples !== undefined && random(2) === 0) return pick(schema.examples, random);
  if (schema.type === 'object') return drawObject(schema, options);
  if (schema.type === 'array') {
    const count = (schema.minItems ?? 0) + random(4);
    return Array.from({ length: count }, () =>
      drawValue(schema.items ?? {}, name.replace(/s$/, ''), options),
    );
  }
  if (schema.type === 'integer' || schema.type === 'number') return drawNumber(schema, random);
  if (schema.type === 'boolean') return random(2) === 0;
  if (schema.type === 'null') return null;
  if (schema.type === 'string') return drawString(schema, name, random);
  return drawJunk(random);
}

function drawObject(schema: Schema, options: ValueOptions): Record<string, unknown> {
  const { random } = options;
  const drawn: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const isNeeded = schema.required?.includes(name) ?? false;
    if (isNeeded || random(4) === 0) drawn[name] = drawValue(member, name, options);
  }
  if (random(100) < options.wrong)
    drawn[pick(['__proto__', 'owner', 'account_id', ''], random)] = drawJunk(random);
  return drawn;
}

function drawNumber({ minimum, exclusiveMinimum, maximum }: Schema, random: Random): number {
  const least = minimum ?? (exclusiveMinimum === undefined ? -1_000 : exclusiveMinimum + 1);
  const most = Math.min(maximum ?? 1_000, least + 10 ** random(7));
  return random(8) === 0 ? (maximum ?? most) : least + random(most - least + 1);
}

function drawString(
  { minLength = 0, maxLength = 200, pattern, format }: Schema,
  name: string,
  random: Random,
) {
  if (format === 'date-time') return new Date(Date.now() + random(10 ** 9) - 10 ** 8).toISOString();
  if (pattern?.startsWith('^-?(0') === true) return String(random(2 ** 31) - 2 ** 30);
  if (pattern === '/$' || name === 'prefix') return `${pick(['folder', 'a', '..', 'é'], random)}/`;
  if (name === 'key' || name === 'from' || name === 'to') return pick(peculiarKeys, random);
  // Names of accounts have to be new, once in a while.
  if (name === 'name') return `fuzzed-${random(2 ** 31)}`;
  if (name === 'delimiter') return pick(['/', '.', ':'], random);
  if (name.endsWith('base64')) return Buffer.from(drawText(random(40), random)).toString('base64');
  const length = Math.min(maxLength, minLength + random(30));
  return drawText(length, random);
}

function drawText(length: number, random: Random): string {
  return Array.from({ length }, () => pick([...'abcdefghij0123456789-_. é🙂'], random)).join('');
}

const junk: readonly ((random: Random) => unknown)[] = [
  () => null,
  () => true,
  () => -1,
  () => 2 ** 53,
  () => 1e308,
  () => 0.1,
  () => '',
  () => '\0',
  () => '\ud800',
  () => '9'.repeat(40),
  () => '-9223372036854775809',
  () => [],
  () => ({}),
  () => ({ __proto__: null, constructor: { prototype: 1 } }),
  (random) => 'x'.repeat(random(5_000)),
  (random) => drawText(random(300), random),
  (random) => Array.from({ length: random(50) }, () => random(9)),
  (random) => pick(peculiarKeys, random),
];

function drawJunk(random: Random): unknown {
  return pick(junk, random)(random);
}

export function pick<Item>(items: readonly Item[], random: Random): Item {
  const item = items[random(items.length)];
  if (item === undefined) throw new Error('There is nothing to choose from.');
  return item;
}
