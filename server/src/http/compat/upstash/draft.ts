import { isUtf8 } from 'node:buffer';
import { limits } from 'halo-contract';
import type { Expiry, Mutation } from '../../../engine/commit.js';
import { HaloError } from '../../../errors.js';
import { CommandError, type Deadline } from './command.js';
import { invalidExpire, tooLong } from './parse.js';

/** A key as it was read, or as the commands so far have left it. */
export interface Item {
  /** Empty when only the rest was read. */
  readonly value: Buffer;
  readonly contentType: string;
  /** JSON text. */
  readonly metadata: string | null;
  readonly expiry: 'never' | { readonly ttlMs: number } | { readonly atMs: number };
}

/** The keys that commands work on. What commands that are refused did is never seen: they refuse first. */
export interface Draft {
  readonly nowMs: number;
  readonly before: ReadonlyMap<string, Item>;
  readonly items: Map<string, Item>;
  /** Bytes that were put together so far, and those that will be answered. */
  made: number;
  told: number;
}

/** A command of a few bytes can make 25 MiB, and a transaction has a thousand commands: 50 ms of copying. */
const madeBytesMax = 128 * 1024 * 1024;

const textType = 'text/plain; charset=utf-8';
const bytesType = 'application/octet-stream';

export function draftOf(before: ReadonlyMap<string, Item>, nowMs: number): Draft {
  return { nowMs, before, items: new Map(before), made: 0, told: 0 };
}

/** An item of its own, without anything from before. */
export function newItem(value: Buffer, expiry: Item['expiry']): Item {
  return { value, contentType: isUtf8(value) ? textType : bytesType, metadata: null, expiry };
}

/** The same item with another value: a type that was chosen stays, one that follows from the bytes follows them. */
export function withValue(item: Item | undefined, value: Buffer): Item {
  if (item === undefined) return newItem(value, 'never');
  const follows = item.contentType === textType || item.contentType === bytesType;
  return { ...item, value, contentType: follows ? newItem(value, 'never').contentType : item.contentType };
}

/**
 * Makes room for a value that is put together from others.
 *
 * @throws CommandError when it is longer than a value may be; HaloError `too-large` when this is done too often
 */
export function makeBytes(draft: Draft, length: number): void {
  if (length > limits.valueBytesMax) throw tooLong();
  draft.made += length;
  if (draft.made > madeBytesMax) throw new HaloError('too-large', 'The commands build too much in one go.');
}

/** @throws HaloError `too-large` when the answer would become larger than a request may be */
export function tellBytes(draft: Draft, value: Buffer): Buffer {
  draft.told += value.length;
  if (draft.told > limits.bodyBytesMax) {
    throw new HaloError('too-large', 'The answer would be over 32 MiB: ask for less at once.');
  }
  return value;
}

/** When an item ends, in milliseconds since 1970. */
export function endOf({ expiry }: Item, nowMs: number): number {
  if (expiry === 'never') return Number.POSITIVE_INFINITY;
  return 'atMs' in expiry ? expiry.atMs : nowMs + expiry.ttlMs;
}

/**
 * The expiry that a command asks for; undefined when its time has come already, which ends the key.
 *
 * @throws CommandError when it lies beyond the year 9999
 */
export function expiryAt(deadline: Deadline, nowMs: number): Item['expiry'] | undefined {
  if (deadline === 'never') return deadline;
  const atMs = 'atMs' in deadline ? deadline.atMs : nowMs + deadline.ttlMs;
  if (atMs > limits.expiresAtMsMax) throw new CommandError(invalidExpire(deadline.by).message);
  if (atMs <= nowMs) return undefined;
  return 'atMs' in deadline ? { atMs } : { ttlMs: deadline.ttlMs };
}

/**
 * What the engine has to do so that the keys become what the commands have made of them: one mutation a key.
 *
 * @throws HaloError `too-large` when all of it is more than one commit takes
 */
export function mutationsOf({ before, items }: Draft): Mutation[] {
  const mutations: Mutation[] = [];
  let bytes = 0;
  for (const key of new Set([...before.keys(), ...items.keys()])) {
    const was = before.get(key);
    const is = items.get(key);
    if (was === is) continue;
    if (is === undefined) mutations.push({ kind: 'delete', key, condition: undefined });
    else if (was !== undefined && sameContent(was, is))
      mutations.push({ kind: 'touch', key, expiry: is.expiry });
    else {
      const { value, contentType, metadata, expiry } = is;
      bytes += value.length;
      mutations.push({ kind: 'set', key, value, contentType, metadata, expiry, condition: undefined });
    }
  }
  if (bytes > limits.bodyBytesMax || mutations.length > limits.mutationsMax) {
    throw new HaloError('too-large', 'The commands change more than one commit takes: 1,000 keys, 32 MiB.');
  }
  return mutations;
}

function sameContent(was: Item, is: Item): boolean {
  return was.value === is.value && was.contentType === is.contentType && was.metadata === is.metadata;
}

/** The expiry of a mutation that PostgreSQL's clock found to lie in the past. */
export function atMsOf(mutation: Mutation | undefined): number | undefined {
  const expiry: Expiry | undefined =
    mutation?.kind === 'set' || mutation?.kind === 'touch' ? mutation.expiry : undefined;
  return typeof expiry === 'object' && 'atMs' in expiry ? expiry.atMs : undefined;
}
