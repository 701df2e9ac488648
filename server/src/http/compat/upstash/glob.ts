import { CommandError } from './command.js';

/** A pattern of KEYS and SCAN. */
export interface Glob {
  /** What every match begins with. */
  readonly prefix: string;
  /** @throws CommandError when matching takes too many steps, over all calls */
  matches(key: string): boolean;
}

/** One character of a key: any of these, or any but these. */
interface One {
  readonly ranges: readonly (readonly [string, string])[];
  readonly negated: boolean;
}

const anyOne = { ranges: [], negated: true } as const satisfies One;
const anyMany = Symbol('any-many');

/** A tenth of a second or so: a pattern of many stars over long keys could take minutes otherwise. */
const stepsMax = 20_000_000;
/** Twice what the longest key would need with all of it escaped. */
const patternLengthMax = 4_096;

/**
 * Compiles a pattern as Redis reads them: `*`, `?`, `[abc]`, `[a-z]`, `[^a]`, and `\` before what is meant literally.
 * Characters are Unicode's, where Redis counts bytes.
 *
 * @throws CommandError when the pattern is longer than any that makes sense
 */
export function compileGlob(pattern: string): Glob {
  if (pattern.length > patternLengthMax) throw new CommandError('ERR the pattern is too long');
  const tokens = tokensOf(Array.from(pattern));
  const special = tokens.findIndex((token) => typeof token !== 'string');
  const literal = special === -1 ? tokens : tokens.slice(0, special);
  let steps = 0;
  const step = (cost: number): void => {
    steps += cost;
    if (steps > stepsMax) throw new CommandError('ERR the pattern takes too long to match');
  };
  return { prefix: literal.join(''), matches: (key) => match(tokens, Array.from(key), step) };
}

type Tokens = readonly (string | One | typeof anyMany)[];

function tokensOf(characters: readonly string[]): Tokens {
  const tokens: (string | One | typeof anyMany)[] = [];
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? '';
    if (character === '*') {
      if (tokens.at(-1) !== anyMany) tokens.push(anyMany);
    } else if (character === '?') tokens.push(anyOne);
    else if (character === '[') {
      const { one, end } = readOne(characters, index + 1);
      tokens.push(one);
      index = end;
    } else if (character === '\\' && index + 1 < characters.length) {
      index += 1;
      tokens.push(characters[index] ?? '');
    } else tokens.push(character);
  }
  return tokens;
}

/** @param start behind the opening bracket; one that is never closed ends with the pattern */
function readOne(characters: readonly string[], start: number): { readonly one: One; readonly end: number } {
  const negated = characters[start] === '^';
  const ranges: [string, string][] = [];
  let index = negated ? start + 1 : start;
  for (; index < characters.length && characters[index] !== ']'; index += 1) {
    if (characters[index] === '\\' && index + 1 < characters.length) index += 1;
    const from = characters[index] ?? '';
    const to = characters[index + 2];
    if (characters[index + 1] === '-' && to !== undefined && to !== ']') {
      ranges.push(codeOf(from) <= codeOf(to) ? [from, to] : [to, from]);
      index += 2;
    } else ranges.push([from, from]);
  }
  return { one: { ranges, negated }, end: index };
}

/** Goes back to the last star only, so that the cost is at most the product of both lengths. */
function match(tokens: Tokens, characters: readonly string[], step: (cost: number) => void): boolean {
  let token = 0;
  let starToken = -1;
  let starAt = 0;
  for (let at = 0; at < characters.length; ) {
    const wanted = tokens[token];
    step(typeof wanted === 'object' ? 1 + wanted.ranges.length : 1);
    if (wanted === anyMany) {
      if (token === tokens.length - 1) return true;
      starToken = token;
      starAt = at;
      token += 1;
    } else if (wanted !== undefined && fits(wanted, characters[at] ?? '')) {
      token += 1;
      at += 1;
    } else if (starToken !== -1) {
      starAt += 1;
      at = starAt;
      token = starToken + 1;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === anyMany);
}

function fits(wanted: string | One, character: string): boolean {
  if (typeof wanted === 'string') return wanted === character;
  const code = codeOf(character);
  return wanted.ranges.some(([from, to]) => code >= codeOf(from) && code <= codeOf(to)) !== wanted.negated;
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
