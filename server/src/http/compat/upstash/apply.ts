import {
  CommandError,
  type ExpireCommand,
  type KeyCommand,
  type Reply,
  type SetCommand,
  Status,
  type TalkCommand,
} from './command.js';
import { addDecimals } from './decimal.js';
import { type Draft, endOf, expiryAt, type Item, makeBytes, newItem, tellBytes, withValue } from './draft.js';
import { asInteger, notAnInteger } from './parse.js';

const ok = new Status('OK');
const nothing = Buffer.alloc(0);

/**
 * Does a command to the draft of its keys and says what Redis would answer. Pure: the draft is all it sees and
 * changes, and a command that is refused leaves it as it was.
 *
 * @throws CommandError in the words of Redis; HaloError `too-large`
 */
export function applyCommand(draft: Draft, command: KeyCommand | TalkCommand): Reply {
  const { items } = draft;
  switch (command.kind) {
    case 'talk':
      return command.says instanceof Status ? command.says : tellBytes(draft, command.says);
    case 'get':
      return tell(draft, items.get(command.key));
    case 'mget':
      return command.keys.map((key) => tell(draft, items.get(key)));
    case 'getrange':
      return tellBytes(draft, rangeOf(items.get(command.key)?.value ?? nothing, command.start, command.end));
    case 'strlen':
      return items.get(command.key)?.value.length ?? 0;
    case 'exists':
      return command.keys.filter((key) => items.has(key)).length;
    case 'type':
      return new Status(items.has(command.key) ? 'string' : 'none');
    case 'ttl':
      return applyTtl(draft, command);
    case 'set':
      return applySet(draft, command);
    case 'mset':
      return applyMset(draft, command);
    case 'getdel': {
      const answer = tell(draft, items.get(command.key));
      items.delete(command.key);
      return answer;
    }
    case 'getex':
      return applyGetEx(draft, command);
    case 'append': {
      const offset = items.get(command.key)?.value.length ?? 0;
      return writeAt(draft, command.key, offset, command.value);
    }
    case 'setrange': {
      const length = items.get(command.key)?.value.length ?? 0;
      // As in Redis, nothing to write does not even make the key; APPEND does.
      return command.value.length === 0 ? length : writeAt(draft, command.key, command.offset, command.value);
    }
    case 'incr':
      return applyIncr(draft, command);
    case 'incrbyfloat':
      return applyIncrByFloat(draft, command);
    case 'del':
      return command.keys.filter((key) => items.delete(key)).length;
    case 'expire':
      return applyExpire(draft, command);
    case 'persist': {
      const item = items.get(command.key);
      if (item === undefined || item.expiry === 'never') return 0;
      items.set(command.key, { ...item, expiry: 'never' });
      return 1;
    }
    case 'rename':
    case 'copy':
      return applyTransfer(draft, command);
  }
}

function tell(draft: Draft, item: Item | undefined): Reply {
  return item === undefined ? null : tellBytes(draft, item.value);
}

/** Both ends count, and those below zero count from the end of the value. */
function rangeOf(value: Buffer, start: number, end: number): Buffer {
  const from = Math.max(0, start < 0 ? value.length + start : start);
  const last = end < 0 ? value.length + end : end;
  return start < 0 && end < 0 && start > end ? nothing : value.subarray(from, Math.max(from, last + 1));
}

function applyTtl({ items, nowMs }: Draft, command: KeyCommand & { kind: 'ttl' }): Reply {
  const item = items.get(command.key);
  if (item === undefined) return -2;
  if (item.expiry === 'never') return -1;
  const atMs = endOf(item, nowMs);
  // The key lives, by PostgreSQL's clock; by this one its time may have come a moment ago.
  const ms = command.absolute ? atMs : Math.max(0, atMs - nowMs);
  return command.unit === 'seconds' ? Math.floor((ms + 500) / 1_000) : ms;
}

function applySet(draft: Draft, { key, value, expiry, condition, answer }: SetCommand): Reply {
  const { items, nowMs } = draft;
  const before = items.get(key);
  const next = expiry === 'keep' ? (before?.expiry ?? 'never') : expiryAt(expiry, nowMs);
  const old = answer === 'old' ? tell(draft, before) : null;
  const does = condition === undefined || (condition === 'xx') === (before !== undefined);
  if (does && next === undefined) items.delete(key);
  else if (does && next !== undefined) items.set(key, newItem(value, next));
  if (answer === 'old') return old;
  if (answer === 'flag') return does ? 1 : 0;
  return does ? ok : null;
}

function applyMset({ items }: Draft, { pairs, ifAbsent }: KeyCommand & { kind: 'mset' }): Reply {
  if (ifAbsent && [...pairs.keys()].some((key) => items.has(key))) return 0;
  for (const [key, value] of pairs) items.set(key, newItem(value, 'never'));
  return ifAbsent ? 1 : ok;
}

function applyGetEx(draft: Draft, { key, expiry }: KeyCommand & { kind: 'getex' }): Reply {
  const { items, nowMs } = draft;
  const item = items.get(key);
  if (item === undefined) return null;
  const next = expiryAt(expiry, nowMs);
  const answer = tell(draft, item);
  setExpiry(items, key, item, next);
  return answer;
}

function setExpiry(
  items: Map<string, Item>,
  key: string,
  item: Item,
  expiry: Item['expiry'] | undefined,
): void {
  if (expiry === undefined) items.delete(key);
  else if (expiry !== item.expiry) items.set(key, { ...item, expiry });
}

/** Writes over what is there, with zeros up to where it begins. */
function writeAt(draft: Draft, key: string, offset: number, part: Buffer): Reply {
  const item = draft.items.get(key);
  const value = item?.value ?? nothing;
  const length = Math.max(value.length, offset + part.length);
  makeBytes(draft, length);
  const next = Buffer.alloc(length);
  value.copy(next);
  part.copy(next, offset);
  draft.items.set(key, withValue(item, next));
  return length;
}

const integerMin = -(2n ** 63n);
const integerMax = 2n ** 63n - 1n;

function applyIncr({ items }: Draft, { key, by }: KeyCommand & { kind: 'incr' }): Reply {
  const item = items.get(key);
  const present = item === undefined ? 0n : integerIn(item.value);
  const sum = present + by;
  if (sum < integerMin || sum > integerMax) {
    throw new CommandError('ERR increment or decrement would overflow');
  }
  items.set(key, newItem(Buffer.from(String(sum)), item?.expiry ?? 'never'));
  return sum;
}

function integerIn(value: Buffer): bigint {
  const number = value.length > numberBytesMax ? undefined : asInteger(value.toString('latin1'));
  if (number === undefined) throw notAnInteger();
  return number;
}

/** More than any number that these commands write or take. */
const numberBytesMax = 1_000;

function applyIncrByFloat({ items }: Draft, { key, by }: KeyCommand & { kind: 'incrbyfloat' }): Reply {
  const item = items.get(key);
  const { value } = item ?? { value: Buffer.from('0') };
  const sum = value.length > numberBytesMax ? undefined : addDecimals(value.toString('latin1'), by);
  if (sum === undefined) throw new CommandError('ERR value is not a valid float');
  const next = Buffer.from(sum);
  items.set(key, newItem(next, item?.expiry ?? 'never'));
  return next;
}

function applyExpire({ items, nowMs }: Draft, { key, expiry, flags }: ExpireCommand): Reply {
  const item = items.get(key);
  const next = expiryAt(expiry, nowMs);
  if (item === undefined) return 0;
  const present = endOf(item, nowMs);
  const wanted = next === undefined ? nowMs : endOf({ ...item, expiry: next }, nowMs);
  const refused =
    (flags.has('nx') && item.expiry !== 'never') ||
    (flags.has('xx') && item.expiry === 'never') ||
    (flags.has('gt') && wanted <= present) ||
    (flags.has('lt') && wanted >= present);
  if (refused) return 0;
  setExpiry(items, key, item, next);
  return 1;
}

function applyTransfer({ items }: Draft, command: KeyCommand & { kind: 'rename' | 'copy' }): Reply {
  const { kind, from, to, ifAbsent, tells } = command;
  const item = items.get(from);
  if (item === undefined && kind === 'copy') return 0;
  if (item === undefined) throw new CommandError('ERR no such key');
  if (ifAbsent && items.has(to)) return 0;
  if (from !== to) {
    // The key it takes the place of must not look unchanged when it had the same item.
    items.set(to, { ...item });
    if (kind === 'rename') items.delete(from);
  }
  return tells ? 1 : ok;
}
