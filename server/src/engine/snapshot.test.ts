import { limits } from 'halo-contract';
import { afterAll, describe, expect, test } from 'vitest';
import type { Credential } from '../database/live-session.js';
import { createTestDatabase } from '../database/test-database.js';
import { readSnapshotOf } from './snapshot.js';
import { createSession, createStore, seedNumbered, writeHistory } from './test-store.js';

const { database, drop } = await createTestDatabase();
afterAll(drop);

const read = (credential: Credential, keys: readonly string[], withValues = true) =>
  readSnapshotOf(database.scanners, credential, keys, withValues);

async function storeOf(contents: Readonly<Record<string, string | Buffer>>): Promise<Credential> {
  const credential = await createStore(database);
  const history = Object.entries(contents).map(([key, content], index) => ({
    revision: index + 1,
    key,
    kind: 'set' as const,
    content: Buffer.from(content),
    overdue: key.startsWith('overdue'),
  }));
  await writeHistory(database.writers, credential.accountId, history);
  return credential;
}

describe('a snapshot', () => {
  test('answers in the order asked, duplicates too, with nothing for what does not exist or has expired', async () => {
    const me = await storeOf({ a: 'one', b: Buffer.from([0, 255]), overdue: 'late', empty: '' });
    const { entries, revision } = await read(me, ['b', 'nothing', 'a', 'overdue', 'b', 'empty']);
    expect(revision).toBe(4);
    expect(entries.map((entry) => entry?.key)).toEqual(['b', undefined, 'a', undefined, 'b', 'empty']);
    expect(entries.map((entry) => entry?.value?.toString('hex'))).toEqual([
      ...['00ff', undefined, '6f6e65', undefined, '00ff', ''],
    ]);
    expect(entries[2]).toMatchObject({ revision: 1, size: 3, contentType: 'text/plain', expiresAt: null });
  });

  test('leaves values out when they are not asked for, and knows everything else', async () => {
    const me = await storeOf({ a: 'one', empty: '' });
    const { entries } = await read(me, ['a', 'nothing', 'empty'], false);
    expect(entries.map((entry) => [entry?.size, entry?.revision, entry?.value])).toEqual([
      [3, 1, undefined],
      [undefined, undefined, undefined],
      [0, 2, undefined],
    ]);
  });

  test('refuses the first key outside a token’s prefix, whether it exists or not', async () => {
    const { accountId } = await storeOf({ 'in/a': '1', out: '2' });
    const token = await createSession(database.kysely, accountId, 'in/');
    expect((await read(token, ['in/a', 'in/b'])).entries).toHaveLength(2);
    for (const outside of ['out', 'absent', 'in']) {
      const refused = { code: 'insufficient-scope', extra: { pointer: '/keys/1' } };
      await expect(read(token, ['in/a', outside, 'in/b', outside])).rejects.toMatchObject(refused);
    }
  });

  test('is refused without a living session, and shows nobody else’s keys', async () => {
    const [mine, theirs] = [await storeOf({ a: 'mine' }), await storeOf({})];
    expect(await read(theirs, ['a'])).toEqual({ entries: [undefined], revision: 0 });
    await database.kysely.deleteFrom('sessions').where('id', '=', mine.sessionId).execute();
    await expect(read(mine, ['a'])).rejects.toMatchObject({ code: 'session-ended' });
  });

  test('takes values of exactly 32 MiB together, and refuses a byte more', async () => {
    const half = limits.readValueBytesMax / 2;
    const me = await storeOf({ half: Buffer.alloc(half, 1), byte: 'x' });
    const { entries } = await read(me, ['half', 'half']);
    expect(entries.map((entry) => entry?.value?.length)).toEqual([half, half]);
    await expect(read(me, ['half', 'byte', 'half'])).rejects.toMatchObject({ code: 'too-large' });
  });

  test('reads as many keys as may be asked for', async () => {
    const me = await createStore(database);
    await seedNumbered(database.writers, me.accountId, 'k', limits.readKeysMax);
    const keys = Array.from(
      { length: limits.readKeysMax },
      (_, index) => `k${String(index + 1).padStart(8, '0')}`,
    );
    const { entries } = await read(me, keys);
    expect(entries.map((entry) => entry?.key)).toEqual(keys);
  });
});
