import { keyFault, limits } from 'halo-contract';
import {
  type Command,
  CommandError,
  type Deadline,
  type ExpireFlag,
  type SetCommand,
  Status,
} from './command.js';
import { isDecimal } from './decimal.js';
import { isCursor } from './scan-cursor.js';

/** An argument as it came: text, or the bytes of a request's body. */
export type Arg = string | Buffer;

/** A command has this many keys at most, which is what one snapshot can read. */
export const commandKeysMax = limits.readKeysMax;
/** MSET with as many pairs as there may be keys. */
const argsMax = 2 * commandKeysMax + 1;

/**
 * Reads a command as Redis 7 would: names and options in any case, arguments as text.
 *
 * @throws CommandError in the words of Redis
 */
export function parseCommand(args: readonly Arg[]): Command {
  const [first, ...rest] = args;
  if (first === undefined) throw new CommandError('ERR empty command', true);
  const name = textOf(first).toLowerCase();
  const form = Object.hasOwn(forms, name) ? forms[name] : undefined;
  if (form === undefined) throw unknownCommand(textOf(first), rest);
  const { least, most, read } = form;
  if (rest.length < least || rest.length > most) throw wrongArity(name);
  if (args.length > argsMax) throw tooManyKeys();
  return read(rest, name);
}

interface Form {
  /** How many arguments it takes. */
  readonly least: number;
  readonly most: number;
  readonly read: (args: readonly Arg[], name: string) => Command;
}

const any = Number.POSITIVE_INFINITY;

function form(least: number, most: number, read: Form['read']): Form {
  return { least, most, read };
}

const get: Form['read'] = ([key]) => ({ kind: 'get', key: keyOf(key) });
const getrange: Form['read'] = ([key, start, end]) => ({
  kind: 'getrange',
  key: keyOf(key),
  start: indexOf(start),
  end: indexOf(end),
});
const count = (by: (args: readonly Arg[]) => bigint) =>
  ((args) => ({ kind: 'incr', key: keyOf(args[0]), by: by(args) })) satisfies Form['read'];
const many = (kind: 'mget' | 'exists' | 'del') =>
  ((args) => ({ kind, keys: keysOf(args) })) satisfies Form['read'];
const one = (kind: 'getdel' | 'strlen' | 'type' | 'persist') =>
  (([key]) => ({ kind, key: keyOf(key) })) satisfies Form['read'];
const setFor = (unit: Unit) =>
  (([key, time, value], name) => {
    const expiry = deadlineOf(unit, time, name);
    return { ...plainSet(key, value), expiry };
  }) satisfies Form['read'];
const ttl = (unit: 'seconds' | 'milliseconds', absolute: boolean) =>
  (([key]) => ({ kind: 'ttl', key: keyOf(key), unit, absolute })) satisfies Form['read'];
const expire = (unit: Unit) =>
  (([key, time, ...options], name) => ({
    kind: 'expire',
    key: keyOf(key),
    expiry: deadlineOf(unit, time, name, true),
    flags: flagsOf(options),
  })) satisfies Form['read'];

const forms: Readonly<Record<string, Form>> = {
  get: form(1, 1, get),
  set: form(2, any, readSet),
  setex: form(3, 3, setFor('ex')),
  psetex: form(3, 3, setFor('px')),
  setnx: form(2, 2, ([key, value]) => ({ ...plainSet(key, value), condition: 'nx', answer: 'flag' })),
  getset: form(2, 2, ([key, value]) => ({ ...plainSet(key, value), answer: 'old' })),
  mget: form(1, any, many('mget')),
  mset: form(2, any, (args, name) => ({ kind: 'mset', pairs: pairsOf(args, name), ifAbsent: false })),
  msetnx: form(2, any, (args, name) => ({ kind: 'mset', pairs: pairsOf(args, name), ifAbsent: true })),
  getdel: form(1, 1, one('getdel')),
  getex: form(1, any, readGetEx),
  getrange: form(3, 3, getrange),
  substr: form(3, 3, getrange),
  setrange: form(3, 3, ([key, offset, value]) => ({
    kind: 'setrange',
    key: keyOf(key),
    offset: offsetOf(offset),
    value: bytesOf(value),
  })),
  append: form(2, 2, ([key, value]) => ({ kind: 'append', key: keyOf(key), value: bytesOf(value) })),
  strlen: form(1, 1, one('strlen')),
  incr: form(
    1,
    1,
    count(() => 1n),
  ),
  decr: form(
    1,
    1,
    count(() => -1n),
  ),
  incrby: form(
    2,
    2,
    count(([, by]) => integerOf(by)),
  ),
  decrby: form(2, 2, count(negated)),
  incrbyfloat: form(2, 2, ([key, by]) => ({ kind: 'incrbyfloat', key: keyOf(key), by: decimalOf(by) })),
  del: form(1, any, many('del')),
  unlink: form(1, any, many('del')),
  exists: form(1, any, many('exists')),
  touch: form(1, any, many('exists')),
  expire: form(2, any, expire('ex')),
  pexpire: form(2, any, expire('px')),
  expireat: form(2, any, expire('exat')),
  pexpireat: form(2, any, expire('pxat')),
  ttl: form(1, 1, ttl('seconds', false)),
  pttl: form(1, 1, ttl('milliseconds', false)),
  expiretime: form(1, 1, ttl('seconds', true)),
  pexpiretime: form(1, 1, ttl('milliseconds', true)),
  persist: form(1, 1, one('persist')),
  type: form(1, 1, one('type')),
  rename: form(2, 2, ([from, to]) => ({
    kind: 'rename',
    from: keyOf(from),
    to: keyOf(to),
    ifAbsent: false,
    tells: false,
  })),
  renamenx: form(2, 2, ([from, to]) => ({
    kind: 'rename',
    from: keyOf(from),
    to: keyOf(to),
    ifAbsent: true,
    tells: true,
  })),
  copy: form(2, any, readCopy),
  keys: form(1, 1, ([pattern]) => ({ kind: 'keys', pattern: textOf(pattern) })),
  scan: form(1, any, readScan),
  randomkey: form(0, 0, () => ({ kind: 'randomkey' })),
  dbsize: form(0, 0, () => ({ kind: 'dbsize' })),
  ping: form(0, 1, ([message]) => ({
    kind: 'talk',
    says: message === undefined ? new Status('PONG') : bytesOf(message),
  })),
  echo: form(1, 1, ([message]) => ({ kind: 'talk', says: bytesOf(message) })),
};

function plainSet(key: Arg | undefined, value: Arg | undefined): SetCommand {
  return {
    kind: 'set',
    key: keyOf(key),
    value: bytesOf(value),
    expiry: 'never',
    condition: undefined,
    answer: 'ok',
  };
}

type Unit = 'ex' | 'px' | 'exat' | 'pxat';

const isUnit = (option: string): option is Unit => /^(?:ex|px)(?:at)?$/.test(option);

function readSet([key, value, ...options]: readonly Arg[], name: string): Command {
  let expiry: SetCommand['expiry'] | undefined;
  let condition: SetCommand['condition'];
  let answer: SetCommand['answer'] = 'ok';
  for (let index = 0; index < options.length; index += 1) {
    const option = textOf(options[index]).toLowerCase();
    if ((option === 'nx' || option === 'xx') && (condition ?? option) === option) condition = option;
    else if (option === 'get') answer = 'old';
    else if (option === 'keepttl' && (expiry ?? 'keep') === 'keep') expiry = 'keep';
    else if (isUnit(option) && expiry === undefined && index + 1 < options.length) {
      index += 1;
      expiry = deadlineOf(option, options[index], name);
    } else throw syntaxError();
  }
  return { ...plainSet(key, value), expiry: expiry ?? 'never', condition, answer };
}

function readGetEx([key, option, time, ...more]: readonly Arg[], name: string): Command {
  if (option === undefined) return { kind: 'get', key: keyOf(key) };
  const unit = textOf(option).toLowerCase();
  if (unit === 'persist' && time === undefined) return { kind: 'getex', key: keyOf(key), expiry: 'never' };
  if (!isUnit(unit) || time === undefined || more.length > 0) throw syntaxError();
  return { kind: 'getex', key: keyOf(key), expiry: deadlineOf(unit, time, name) };
}

function readCopy([from, to, ...options]: readonly Arg[]): Command {
  if (options.some((option) => textOf(option).toLowerCase() !== 'replace')) throw syntaxError();
  const keys = { from: keyOf(from), to: keyOf(to) };
  if (keys.from === keys.to) throw new CommandError('ERR source and destination objects are the same');
  return { kind: 'copy', ...keys, ifAbsent: options.length === 0, tells: true };
}

function readScan([cursor, ...options]: readonly Arg[]): Command {
  let pattern: string | undefined;
  let type: string | undefined;
  let pageKeys = 10;
  let withType = false;
  for (let index = 0; index < options.length; index += 1) {
    const option = textOf(options[index]).toLowerCase();
    if (option === 'withtype') {
      withType = true;
      continue;
    }
    index += 1;
    const value = options[index];
    if (value === undefined) throw syntaxError();
    if (option === 'match') pattern = textOf(value);
    else if (option === 'type') type = textOf(value).toLowerCase();
    else if (option === 'count') {
      const wanted = integerOf(value);
      if (wanted < 1n) throw syntaxError();
      pageKeys = wanted > BigInt(limits.listMax) ? limits.listMax : Number(wanted);
    } else throw syntaxError();
  }
  const place = textOf(cursor);
  if (!isCursor(place)) throw new CommandError('ERR invalid cursor');
  return { kind: 'scan', cursor: place, pattern, count: pageKeys, type, withType };
}

/** @param pastToo whether what lies in the past ends the key, rather than being refused */
function deadlineOf(unit: Unit, time: Arg | undefined, by: string, pastToo = false): Deadline {
  const number = integerOf(time);
  const ms = unit === 'ex' || unit === 'exat' ? number * 1_000n : number;
  const most = BigInt(limits.expiresAtMsMax);
  if ((ms <= 0n && !pastToo) || ms > most || ms < -most) throw invalidExpire(by);
  return unit === 'exat' || unit === 'pxat' ? { atMs: Number(ms), by } : { ttlMs: Number(ms), by };
}

export function invalidExpire(by: string): CommandError {
  return new CommandError(`ERR invalid expire time in '${by}' command`);
}

function flagsOf(options: readonly Arg[]): ReadonlySet<ExpireFlag> {
  const flags = new Set<ExpireFlag>();
  for (const option of options.map(textOf)) {
    const flag = option.toLowerCase();
    if (flag !== 'nx' && flag !== 'xx' && flag !== 'gt' && flag !== 'lt') {
      throw new CommandError(`ERR Unsupported option ${option.slice(0, shownMax)}`);
    }
    flags.add(flag);
  }
  if (flags.has('nx') && flags.size > 1) {
    throw new CommandError('ERR NX and XX, GT or LT options at the same time are not compatible');
  }
  if (flags.has('gt') && flags.has('lt')) {
    throw new CommandError('ERR GT and LT options at the same time are not compatible');
  }
  return flags;
}

function keyOf(arg: Arg | undefined): string {
  const key = textOf(arg);
  const fault = keyFault(key);
  if (fault !== undefined) throw new CommandError(`ERR invalid key: ${fault}`);
  return key;
}

function keysOf(args: readonly Arg[]): string[] {
  if (args.length > commandKeysMax) throw tooManyKeys();
  return args.map(keyOf);
}

function pairsOf(args: readonly Arg[], name: string): ReadonlyMap<string, Buffer> {
  if (args.length % 2 === 1) throw wrongArity(name);
  const pairs = new Map<string, Buffer>();
  for (let index = 0; index < args.length; index += 2) {
    pairs.set(keyOf(args[index]), bytesOf(args[index + 1]));
  }
  return pairs;
}

function bytesOf(arg: Arg | undefined): Buffer {
  if (typeof arg === 'string' && !arg.isWellFormed()) {
    throw new CommandError('ERR an argument contains lone surrogates, which no UTF-8 can carry');
  }
  const value = typeof arg === 'string' ? Buffer.from(arg) : (arg ?? Buffer.alloc(0));
  if (value.length > limits.valueBytesMax) throw tooLong();
  return value;
}

export function tooLong(): CommandError {
  return new CommandError(
    `ERR string exceeds maximum allowed size: a value has at most ${limits.valueBytesMax} bytes`,
  );
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(arg: Arg | undefined): string {
  if (arg === undefined || typeof arg === 'string') return arg ?? '';
  try {
    return decoder.decode(arg);
  } catch {
    throw new CommandError('ERR the argument in the body is not UTF-8');
  }
}

const integerMin = -(2n ** 63n);
const integerMax = 2n ** 63n - 1n;

/** As Redis reads integers: no plus, no spaces, no leading zeros, no minus zero. */
export function asInteger(text: string): bigint | undefined {
  if (!/^(?:0|-?[1-9]\d{0,18})$/.test(text)) return undefined;
  const number = BigInt(text);
  return number >= integerMin && number <= integerMax ? number : undefined;
}

export function notAnInteger(): CommandError {
  return new CommandError('ERR value is not an integer or out of range');
}

function integerOf(arg: Arg | undefined): bigint {
  const number = asInteger(textOf(arg));
  if (number === undefined) throw notAnInteger();
  return number;
}

/** Clamped to where it says the same of any value: their bytes can all be counted in 32 bits. */
function indexOf(arg: Arg | undefined): number {
  const number = Number(integerOf(arg));
  return Math.max(-(2 ** 31), Math.min(2 ** 31, number));
}

function offsetOf(arg: Arg | undefined): number {
  const offset = indexOf(arg);
  if (offset < 0) throw new CommandError('ERR offset is out of range');
  return offset;
}

function negated([, by]: readonly Arg[]): bigint {
  const number = integerOf(by);
  if (number === integerMin) throw new CommandError('ERR decrement would overflow');
  return -number;
}

function decimalOf(arg: Arg | undefined): string {
  const text = textOf(arg);
  if (!isDecimal(text)) throw new CommandError('ERR value is not a valid float');
  return text;
}

function syntaxError(): CommandError {
  return new CommandError('ERR syntax error');
}

function wrongArity(name: string): CommandError {
  return new CommandError(`ERR wrong number of arguments for '${name}' command`, true);
}

function tooManyKeys(): CommandError {
  return new CommandError(`ERR a command names at most ${commandKeysMax} keys`, true);
}

/** What an error repeats of the arguments. */
const shownMax = 128;

function unknownCommand(name: string, args: readonly Arg[]): CommandError {
  let shown = '';
  for (const arg of args) {
    if (shown.length >= shownMax) break;
    const text = typeof arg === 'string' ? arg : '(the body)';
    shown += `'${text.slice(0, shownMax - shown.length)}' `;
  }
  return new CommandError(
    `ERR unknown command '${name.slice(0, shownMax)}', with args beginning with: ${shown}`.toWellFormed(),
    true,
  );
}
