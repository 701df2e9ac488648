import type { Credential } from '../../../database/live-session.js';
import type { Check } from '../../../engine/commit.js';
import type { Engine } from '../../../engine/engine.js';
import { HaloError } from '../../../errors.js';
import { CommandError, type KeyCommand, type Step, type TalkCommand } from './command.js';
import type { Item } from './draft.js';
import { commandKeysMax } from './parse.js';

/** What commands have to know before they can be done. */
export interface Needs {
  /** Keys whose value matters. */
  readonly values: ReadonlySet<string>;
  /** Keys of which it matters whether they exist and when they end. */
  readonly heads: ReadonlySet<string>;
}

/** @throws HaloError `too-large` when the commands name more keys than one snapshot can have */
export function needsOf(commands: readonly Step[]): Needs {
  const values = new Set<string>();
  const heads = new Set<string>();
  for (const command of commands) {
    if (command instanceof CommandError) continue;
    for (const key of valuesNeeded(command)) values.add(key);
    for (const key of headsNeeded(command)) heads.add(key);
  }
  for (const key of values) heads.delete(key);
  if (values.size + heads.size > commandKeysMax) {
    throw new HaloError('too-large', `The commands name more than ${commandKeysMax} keys.`);
  }
  return { values, heads };
}

function valuesNeeded(command: KeyCommand | TalkCommand): readonly string[] {
  switch (command.kind) {
    case 'get':
    case 'getrange':
    case 'strlen':
    case 'getdel':
    case 'getex':
    case 'append':
    case 'setrange':
    case 'incr':
    case 'incrbyfloat':
      return [command.key];
    case 'mget':
      return command.keys;
    case 'set':
      return command.answer === 'old' ? [command.key] : [];
    case 'rename':
    case 'copy':
      return [command.from];
    default:
      return [];
  }
}

function headsNeeded(command: KeyCommand | TalkCommand): Iterable<string> {
  switch (command.kind) {
    case 'exists':
    case 'del':
      return command.keys;
    case 'type':
    case 'ttl':
    case 'expire':
    case 'persist':
      return [command.key];
    case 'set': {
      const { condition, expiry, key } = command;
      // An instant may have passed, which deletes the key: if there is one.
      const mayDelete = typeof expiry === 'object' && 'atMs' in expiry;
      return condition !== undefined || expiry === 'keep' || mayDelete ? [key] : [];
    }
    case 'mset':
      return command.ifAbsent ? command.pairs.keys() : [];
    case 'rename':
    case 'copy':
      return [command.to];
    default:
      return [];
  }
}

/** What was found, and what must still be so when something is written on the strength of it. */
export interface Found {
  readonly items: ReadonlyMap<string, Item>;
  readonly checks: readonly Check[];
}

/** Two snapshots unless `asOne`: then what only needed a look at the head is read as a whole. */
export async function readNeeds(
  engine: Engine,
  credential: Credential,
  { values, heads }: Needs,
  asOne: boolean,
): Promise<Found> {
  if (asOne && values.size > 0) return readItems(engine, credential, [...values, ...heads], true);
  const [valued, headed] = await Promise.all([
    readItems(engine, credential, [...values], true),
    readItems(engine, credential, [...heads], false),
  ]);
  return {
    items: new Map([...valued.items, ...headed.items]),
    checks: [...valued.checks, ...headed.checks],
  };
}

async function readItems(
  engine: Engine,
  credential: Credential,
  keys: readonly string[],
  withValues: boolean,
): Promise<Found> {
  const items = new Map<string, Item>();
  if (keys.length === 0) return { items, checks: [] };
  const { entries } = await engine.read(credential, keys, withValues);
  const checks = keys.map((key, index) => {
    const entry = entries[index];
    if (entry === undefined) return { key, revision: 0 };
    const { contentType, metadata, expiresAt, revision } = entry;
    items.set(key, {
      // Each its own, even without a byte: whether a value is another is told by the object.
      value: entry.value ?? Buffer.alloc(0),
      contentType,
      metadata,
      expiry: expiresAt === null ? 'never' : { atMs: Date.parse(expiresAt) },
    });
    return { key, revision };
  });
  return { items, checks };
}
