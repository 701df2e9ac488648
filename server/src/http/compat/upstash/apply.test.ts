import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyCommand } from './apply.js';
import { CommandError, type KeyCommand, type Reply, Status } from './command.js';
import { type Draft, draftOf, endOf, type Item, mutationsOf, newItem } from './draft.js';
import { type NaiveStore, naiveRedis } from './naive-redis.js';
import { parseCommand } from './parse.js';

const nowMs = 1_700_000_000_000;

const plain = (reply: Reply): unknown => {
  if (Buffer.isBuffer(reply)) return reply.toString();
  if (reply instanceof Status) return reply.text;
  return typeof reply === 'bigint' ? Number(reply) : reply;
};

function run(draft: Draft, args: readonly string[]): unknown {
  try {
    return plain(applyCommand(draft, parseCommand(args) as KeyCommand));
  } catch (error) {
    if (error instanceof CommandError) return `-${error.message}`;
    throw error;
  }
}

const key = fc.constantFrom('a', 'b', 'c');
const text = fc.constantFrom('', 'x', 'hello', '7', '-12', '007');
const small = fc.integer({ min: -7, max: 7 }).map(String);
const ms = fc.integer({ min: 1, max: 9 }).map((number) => String(number * 1_000));
const words = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string[]> =>
  fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)));
const options = fc
  .tuple(
    fc.constantFrom([], ['nx'], ['xx']),
    fc.oneof(fc.constant([]), fc.constant(['keepttl']), words('px', ms)),
    fc.constantFrom([], ['get']),
  )
  .map((parts) => parts.flat());

const command = fc.oneof(
  words('get', key),
  fc.tuple(words('set', key, text), options).map((parts) => parts.flat()),
  words('setex', key, '5', text),
  words('setnx', key, text),
  words('getset', key, text),
  words('getdel', key),
  words('append', key, text),
  words('setrange', key, fc.constantFrom('0', '2', '6'), text),
  words('getrange', key, small, small),
  words('incrby', key, small),
  words('del', key, key),
  words('exists', key, key),
  words('pexpire', key, fc.oneof(ms, fc.constant('-1'))),
  words('pexpire', key, ms, fc.constantFrom('nx', 'xx', 'gt', 'lt')),
  words('persist', key),
  words('pttl', key),
  words('rename', key, key),
  words('renamenx', key, key),
  words('copy', 'a', fc.constantFrom('b', 'c')),
  words('copy', 'a', 'b', 'replace'),
  words('msetnx', 'a', text, 'c', text),
);

/** What a store becomes by the mutations that the engine would be given. */
function commit(before: ReadonlyMap<string, Item>, draft: Draft): Map<string, Item> {
  const after = new Map(before);
  for (const mutation of mutationsOf(draft)) {
    if (mutation.kind === 'delete') expect(after.delete(mutation.key)).toBe(true);
    else if (mutation.kind === 'set' && mutation.expiry !== 'keep') {
      const { key, contentType, metadata, expiry } = mutation;
      after.set(key, { value: Buffer.from(mutation.value), contentType, metadata, expiry });
    } else if (mutation.kind === 'touch' && mutation.expiry !== 'keep') {
      const item = after.get(mutation.key);
      expect(item).toBeDefined();
      if (item !== undefined) after.set(mutation.key, { ...item, expiry: mutation.expiry });
    } else expect.unreachable(mutation.kind);
  }
  return after;
}

const shown = (items: ReadonlyMap<string, Item>) =>
  [...items].map(([name, item]) => [name, item.value.toString(), endOf(item, nowMs)]).sort();
const shownNaive = (store: NaiveStore) =>
  [...store].map(([name, { value, end }]) => [name, value, end]).sort();

test('commands answer and leave behind what Redis does, together and in commits', () => {
  fc.assert(
    fc.property(fc.array(fc.array(command, { minLength: 1, maxLength: 5 }), { maxLength: 8 }), (commits) => {
      const store: NaiveStore = new Map();
      let items: ReadonlyMap<string, Item> = new Map();
      for (const commands of commits) {
        const draft = draftOf(items, nowMs);
        for (const args of commands) {
          expect([args, run(draft, args)]).toEqual([args, naiveRedis(store, nowMs, args)]);
        }
        items = commit(items, draft);
        expect(shown(items)).toEqual(shownNaive(store));
      }
    }),
    { numRuns: 500 },
  );
});

describe('a draft', () => {
  const draft = (items: Record<string, Item> = {}) => draftOf(new Map(Object.entries(items)), nowMs);

  test('touches what only ends at another time, and leaves alone what is as it was', () => {
    const own = {
      ...newItem(Buffer.from('{}'), 'never'),
      contentType: 'application/json',
      metadata: '{"a":1}',
    };
    const changed = draft({ a: own, b: own });
    run(changed, ['pexpire', 'a', '5']);
    run(changed, ['set', 'new', '1']);
    run(changed, ['del', 'new']);
    expect(mutationsOf(changed)).toEqual([{ kind: 'touch', key: 'a', expiry: { ttlMs: 5 } }]);
  });

  test('keeps a type and metadata that were chosen, and finds out the others', () => {
    const json = {
      ...newItem(Buffer.from('{'), 'never'),
      contentType: 'application/json',
      metadata: '{"a":1}',
    };
    const changed = draft({ json, text: newItem(Buffer.from('ü'), 'never') });
    run(changed, ['append', 'json', '}']);
    run(changed, ['setrange', 'text', '1', 'x']);
    expect(changed.items.get('json')).toMatchObject({ contentType: 'application/json', metadata: '{"a":1}' });
    expect(changed.items.get('text')?.contentType).toBe('application/octet-stream');
    run(changed, ['rename', 'json', 'moved']);
    expect(changed.items.get('moved')).toMatchObject({
      contentType: 'application/json',
      metadata: '{"a":1}',
    });
  });

  test('tells an empty value from another empty value when a key takes the place of one', () => {
    const was = { ...newItem(Buffer.alloc(0), 'never') };
    const changed = draft({ from: { ...newItem(Buffer.alloc(0), 'never') }, to: was });
    run(changed, ['rename', 'from', 'to']);
    expect(
      mutationsOf(changed)
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['delete', 'set']);
  });

  test('lets a command of a few bytes neither build nor tell without bounds', () => {
    const large = draft({ a: newItem(Buffer.alloc(20_000_000, 'x'), 'never') });
    const repeat = (args: string[]) => () => {
      for (let times = 0; times < 10; times += 1) run(large, args);
    };
    expect(repeat(['get', 'a'])).toThrow(expect.objectContaining({ code: 'too-large' }));
    expect(repeat(['append', 'a', 'x'])).toThrow(expect.objectContaining({ code: 'too-large' }));
  });
});
