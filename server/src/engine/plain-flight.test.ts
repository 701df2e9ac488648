import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Credential } from '../database/live-session.js';
import { createTestDatabase } from '../database/test-database.js';
import type { HaloError } from '../errors.js';
import type { Condition, Expiry, SetMutation } from './commit.js';
import { createEngine } from './engine.js';
import { flyPlain, plainSetOf } from './plain-flight.js';
import { createSession, createStore } from './test-store.js';

const { database, drop } = await createTestDatabase();
afterAll(drop);

const limits = { keysMax: 1_000_000, bytesMax: 1_000_000_000 };
const report = (what: string, cause: unknown) => {
  throw new Error(what, { cause });
};
const engine = createEngine(database, { limits, readFlightsMax: 2, writeFlightsMax: 2, report });

/** It demands nothing, but whatever has a condition is planned. */
const vacuous: Condition = { match: undefined, noneMatch: undefined };

function setOf(key: string, text: string, more: Partial<SetMutation> = {}): SetMutation {
  const value = Buffer.from(text);
  const rest = { contentType: 'text/plain', metadata: null, expiry: 'never', condition: undefined } as const;
  return { kind: 'set', key, value, ...rest, ...more };
}

function commitOf(credential: Credential, set: SetMutation) {
  const rest = { checks: [], dryRun: false, idempotency: undefined };
  return { credential, accountId: credential.accountId, mutations: [set], ...rest };
}

async function rowsOf(text: string, accountId: string): Promise<unknown[]> {
  return (await database.writers.query(text, [accountId])).rows;
}

/** All that is stored of an account, but for times and sessions, which no two accounts share. */
async function contentOf(accountId: string) {
  return {
    store: await rowsOf('select revision, keys, bytes from stores where account_id = $1', accountId),
    entries: await rowsOf(
      `select key, revision, bytes, expires_at is null as stays from entries where account_id = $1 order by key`,
      accountId,
    ),
    trash: await rowsOf('select key, revision from trash where account_id = $1 order by key', accountId),
    versions: await rowsOf(
      `select v.revision, v.key, v.previous_revision, v.kind, v.value, v.content_type, v.metadata, v.expires_at is null as stays,
              (select count(distinct o.created_at) from versions o
               where o.account_id = v.account_id and o.key = v.key and o.revision <= v.revision)
                as lives
       from versions v where v.account_id = $1 order by v.revision, v.key`,
      accountId,
    ),
  };
}

type Step =
  | { readonly kind: 'flight'; readonly sets: readonly PlannedSet[] }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'age'; readonly key: string };

interface PlannedSet {
  readonly key: string;
  readonly text: string;
  readonly expiry: Expiry;
  readonly metadata: string | null;
  /** Which of the account's sessions asks. */
  readonly session: number;
}

const key = fc.constantFrom('a', 'b', 'c', 'd/1', 'd/2', 'é');
const plannedSet: fc.Arbitrary<PlannedSet> = fc.record({
  key,
  text: fc.string({ maxLength: 30 }),
  expiry: fc.constantFrom<Expiry>('never', 'never', { ttlMs: 600_000 }),
  metadata: fc.constantFrom(null, null, '{"m":"ü"}'),
  // Mostly one that may do everything; else one of limited scope, for reading only, or long ended.
  session: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(plannedSet, { minLength: 1, maxLength: 8 })
      .map((sets) => ({ kind: 'flight' as const, sets })),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('age' as const), key }) },
);

async function createSessions(limited: boolean): Promise<Credential[]> {
  const full = await createStore(database);
  const { accountId } = full;
  if (limited) {
    await database.writers.query('update stores set keys_max = 4, bytes_max = 120 where account_id = $1', [
      accountId,
    ]);
  }
  const scoped = await createSession(database.kysely, accountId, 'd/');
  const reading = await createSession(database.kysely, accountId, '');
  await database.writers.query("update sessions set access = 'read' where account_id = $1 and id = $2", [
    accountId,
    reading.sessionId,
  ]);
  return [full, scoped, reading, { ...full, sessionId: 'ended' }];
}

/** Lets a key's time be up. */
async function age(accountId: string, aged: string): Promise<void> {
  for (const table of ['entries', 'versions']) {
    await database.writers.query(
      `update ${table} t set expires_at = '2001-01-01' from entries e
       where e.account_id = $1 and e.key = $2 and t.account_id = $1 and t.key = $2 and t.revision = e.revision`,
      [accountId, aged],
    );
  }
}

async function runSteps(
  sessions: readonly Credential[],
  steps: readonly Step[],
  condition: Condition | undefined,
) {
  const [full] = sessions;
  if (full === undefined) throw new Error('There is no session.');
  const heard: unknown[] = [];
  for (const one of steps) {
    if (one.kind !== 'flight') {
      if (one.kind === 'age') await age(full.accountId, one.key);
      else await engine.delete(full, { key: one.key, condition: undefined }, false).catch(() => {});
      // So that a key's next life begins in another millisecond than this one did.
      await new Promise((resolve) => setTimeout(resolve, 2));
    } else {
      const answers = one.sets.map(({ session, text, key: name, ...more }) => {
        const { kind: _, ...set } = setOf(name, text, { ...more, condition });
        return engine.set(sessions[session] ?? full, set, false);
      });
      for (const answer of await Promise.allSettled(answers)) {
        heard.push(answer.status === 'fulfilled' ? answer.value : (answer.reason as HaloError).code);
      }
    }
  }
  return { heard, content: await contentOf(full.accountId) };
}

describe('flights of plain sets', () => {
  test('write and answer what the plan would have', async () => {
    const same = async (steps: readonly Step[], limited: boolean) => {
      const plain = await runSteps(await createSessions(limited), steps, undefined);
      const planned = await runSteps(await createSessions(limited), steps, vacuous);
      expect(plain).toEqual(planned);
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), fc.boolean(), same), {
      numRuns: 120,
    });
  }, 120_000);

  test('of several accounts give each its own revisions', async () => {
    const [ada, bo] = [await createStore(database), await createStore(database)];
    const sets = [ada, bo, ada, bo, ada].map((credential, index) => ({
      credential,
      set: setOf('k', `${index}`),
    }));
    const outcome = await flyPlain(database.line, limits, sets);
    expect(outcome?.outcomes.map(({ revision }) => revision)).toEqual([1, 1, 2, 2, 3]);
    const stored = await engine.get(ada, 'k');
    const { writtenAtMs } = stored ?? {};
    expect(outcome?.moves).toEqual([
      {
        accountId: ada.accountId,
        from: 0,
        revision: 3,
        writtenAtMs,
        changed: [{ key: 'k', last: { revision: 3, set: sets[4]?.set } }],
      },
      {
        accountId: bo.accountId,
        from: 0,
        revision: 2,
        writtenAtMs,
        changed: [{ key: 'k', last: { revision: 2, set: sets[3]?.set } }],
      },
    ]);
    expect(stored?.value.toString()).toBe('4');
    expect((await engine.get(bo, 'k'))?.value.toString()).toBe('3');
  });

  test('that are not plain write nothing, whatever is wrong with one of them', async () => {
    const [full, scoped, reading, ended] = (await createSessions(true)) as [
      Credential,
      Credential,
      Credential,
      Credential,
    ];
    const { accountId } = full;
    await flyPlain(database.line, limits, [{ credential: full, set: setOf('old', '1') }]);
    await flyPlain(database.line, limits, [{ credential: full, set: setOf('gone', '1') }]);
    await engine.delete(full, { key: 'gone', condition: undefined }, false);
    await age(accountId, 'old');
    const before = await contentOf(accountId);
    const faults = [
      { credential: ended, set: setOf('b', '1') },
      { credential: reading, set: setOf('b', '1') },
      { credential: scoped, set: setOf('b', '1') },
      { credential: full, set: setOf('old', '1') },
      { credential: full, set: setOf('gone', '1') },
      { credential: full, set: setOf('b', 'x'.repeat(120)) },
      {
        credential: await createStore(database).then((other) => ({ ...other, accountId: '999999' })),
        set: setOf('b', '1'),
      },
    ];
    for (const fault of faults) {
      const good = { credential: full, set: setOf('a', '1') };
      expect(await flyPlain(database.line, limits, [good, fault])).toBeUndefined();
      expect(await contentOf(accountId)).toEqual(before);
    }
    const many = ['a', 'b', 'c', 'd'].map((name) => ({ credential: full, set: setOf(name, '1') }));
    expect(await flyPlain(database.line, limits, many)).toBeUndefined();
    expect(await flyPlain(database.line, limits, many.slice(0, 3))).toBeDefined();
  });

  test('are only those that ask for nothing else', async () => {
    const credential = await createStore(database);
    expect(plainSetOf(commitOf(credential, setOf('a', '1')))).toBeDefined();
    expect(plainSetOf(commitOf(credential, setOf('a', '1', { expiry: { ttlMs: 1 } })))).toBeDefined();
    expect(plainSetOf(commitOf(credential, setOf('a', '1', { expiry: 'keep' })))).toBeUndefined();
    expect(plainSetOf(commitOf(credential, setOf('a', '1', { expiry: { atMs: 1 } })))).toBeUndefined();
    expect(plainSetOf(commitOf(credential, setOf('a', '1', { condition: vacuous })))).toBeUndefined();
    const plain = commitOf(credential, setOf('a', '1'));
    expect(plainSetOf({ ...plain, dryRun: true })).toBeUndefined();
    expect(plainSetOf({ ...plain, checks: [{ key: 'a', revision: 0 }] })).toBeUndefined();
    expect(plainSetOf({ ...plain, idempotency: { key: 'k', hash: Buffer.alloc(32) } })).toBeUndefined();
    expect(plainSetOf({ ...plain, mutations: [...plain.mutations, ...plain.mutations] })).toBeUndefined();
    expect(plainSetOf({ ...plain, credential: undefined })).toBeUndefined();
  });

  test('of an account that somebody holds do not hold up those of others', async () => {
    const [held, free] = [await createStore(database), await createStore(database)];
    const set = (credential: Credential, text: string) => {
      const { kind: _, ...rest } = setOf('k', text);
      return engine.set(credential, rest, false);
    };
    await set(held, '0');
    const holder = await database.writers.connect();
    try {
      await holder.query('begin');
      await holder.query('select 1 from stores where account_id = $1 for update', [held.accountId]);
      const order: string[] = [];
      const waiting = ['1', '2'].map((text) => set(held, text).then(() => order.push('held')));
      // Their flight leaves without others.
      await new Promise((resolve) => setImmediate(resolve));
      await set(free, '1');
      // What is asked for meanwhile does not go where it would be in the way again.
      waiting.push(set(held, '3').then(() => order.push('held')));
      for (const text of ['2', '3', '4']) await set(free, text);
      order.push('free');
      await holder.query('commit');
      await Promise.all(waiting);
      expect(order).toEqual(['free', 'held', 'held', 'held']);
    } finally {
      holder.release();
    }
    expect((await engine.get(held, 'k'))?.value.toString()).toBe('3');
    expect((await engine.get(free, 'k'))?.revision).toBe(4);
  });

  test('keep their turn when they have to be planned after all', async () => {
    const me = await createStore(database);
    const holder = await database.writers.connect();
    try {
      await holder.query('begin');
      await holder.query('select 1 from stores where account_id = $1 for update', [me.accountId]);
      const { kind: _, ...plain } = setOf('k', 'plain');
      const first = engine.set(me, plain, false);
      // The flight of the first leaves without the others.
      await new Promise((resolve) => setImmediate(resolve));
      const conditional = { ...plain, condition: vacuous };
      const others = [conditional, plain, conditional, plain].map((set) => engine.set(me, set, false));
      // More than a flight of plain sets waits for the store.
      await new Promise((resolve) => setTimeout(resolve, 400));
      await holder.query('commit');
      const written = await Promise.all([first, ...others]);
      expect(written.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5]);
    } finally {
      holder.release();
    }
  });

  test('count as waiting also where they wait to be planned', async () => {
    const me = await createStore(database);
    const holder = await database.writers.connect();
    const answers: Promise<string>[] = [];
    try {
      await holder.query('begin');
      await holder.query('select 1 from stores where account_id = $1 for update', [me.accountId]);
      const { kind: _, ...set } = setOf('k', 'v');
      const ask = (count: number) => {
        for (let n = 0; n < count; n += 1) {
          answers.push(
            engine.set(me, set, false).then(
              () => 'set',
              ({ code }: HaloError) => code,
            ),
          );
        }
      };
      ask(1);
      await new Promise((resolve) => setImmediate(resolve));
      ask(11_500);
      // The queue is full when somebody in it has waited for two seconds.
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      ask(10);
    } finally {
      await holder.query('commit');
      holder.release();
    }
    const heard = await Promise.all(answers);
    expect(heard).toEqual([...Array(11_501).fill('set'), ...Array(10).fill('overloaded')]);
    expect((await engine.get(me, 'k'))?.revision).toBe(11_501);
  });

  test('are plain again after what had to be planned, in the order in which they were asked for', async () => {
    let planned = 0;
    const connect = () => {
      planned += 1;
      return database.writers.connect();
    };
    const counted = { ...database, writers: { connect } as unknown as typeof database.writers };
    const busy = createEngine(counted, { limits, readFlightsMax: 2, writeFlightsMax: 2, report });
    const credential = await createStore(database);
    const { kind: _, ...set } = setOf('k', 'v');
    const revisions: Promise<number>[] = [];
    const ask = (asked: Promise<{ readonly revision: number }>) =>
      revisions.push(asked.then(({ revision }) => revision));
    for (let round = 1; round <= 30; round += 1) {
      for (let count = 0; count < 3; count += 1) ask(busy.set(credential, set, false));
      // All the time, others are on their way.
      if (round === 10) ask(busy.delete(credential, { key: 'k', condition: undefined }, false));
      await revisions.at(-3);
    }
    const heard = await Promise.all(revisions);
    expect(heard).toEqual(heard.map((_, index) => index + 1));
    // The deletion, and the flight that found the key in the trash.
    expect(planned).toBe(2);
    await busy.close();
  });

  test('and what waits for them are carried out before the engine has closed', async () => {
    const closing = createEngine(database, { limits, readFlightsMax: 2, writeFlightsMax: 2, report });
    const credential = await createStore(database);
    const { kind: _, ...set } = setOf('k', 'v');
    const answers = [
      closing.set(credential, set, false),
      closing.delete(credential, { key: 'k', condition: undefined }, false),
    ];
    const settled = Promise.all(answers);
    await closing.close();
    expect((await settled).map(({ revision }) => revision)).toEqual([1, 2]);
  });
});
