import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Credential } from '../database/live-session.js';
import { createTestDatabase } from '../database/test-database.js';
import { HaloError } from '../errors.js';
import type { Mutation } from './commit.js';
import { createEngine } from './engine.js';
import type { VersionSummary } from './history.js';
import { emptyNaiveStore, judgeNaively, type NaiveStore, type NaiveVersion } from './naive-store.js';
import { createSweeper } from './sweeper.js';
import { createSession, createStore } from './test-store.js';

const { database, drop } = await createTestDatabase();
afterAll(drop);

const limits = { keysMax: 50, bytesMax: 100_000 };
const engine = createEngine(database, { limits, readFlightsMax: 2, writeFlightsMax: 2, report: () => {} });
const retentionDays = 30;

/** Prunes everything there is to prune in all stores. */
async function prune(versionsMax = 100): Promise<void> {
  const failures: unknown[] = [];
  const sweeper = createSweeper({
    database,
    end: engine.endExpired,
    retention: { ageMs: retentionDays * 86_400_000, versionsMax },
    report: (_what, error) => failures.push(error),
  });
  await sweeper.sweepOnce();
  expect(failures).toEqual([]);
}

/** Makes everything up to a revision older than history is kept. */
async function age({ accountId }: Credential, revision: number): Promise<void> {
  await database.writers.query(
    `update versions set written_at = written_at - interval '${retentionDays + 1} days'
     where account_id = $1 and revision <= $2`,
    [accountId, revision],
  );
}

const keys = ['a', 'b/x', 'b/y', 'é/x'] as const;
const key = fc.constantFrom(...keys);
const prefix = fc.constantFrom('b/', 'é/', 'n/');
const revision = fc.integer({ min: 1, max: 15 });
const constant = <Kind extends string>(kind: Kind) => fc.constant(kind);
const set: fc.Arbitrary<Mutation> = fc.record({
  kind: constant('set'),
  key,
  value: fc.string({ maxLength: 8 }).map((text) => new Uint8Array(Buffer.from(text))),
  contentType: fc.constant('text/plain'),
  metadata: fc.constantFrom(null, '{"n":1.0}'),
  expiry: fc.constant('never' as const),
  condition: fc.constant(undefined),
});
const remove: fc.Arbitrary<Mutation> = fc.record({
  kind: constant('delete'),
  key,
  condition: fc.constant(undefined),
});
const forward = fc.oneof(
  { weight: 4, arbitrary: set },
  { weight: 2, arbitrary: remove },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('copy', 'move'), from: key, to: key }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('copy_prefix', 'move_prefix'), from: prefix, to: prefix }),
  },
);
const any = fc.oneof(
  { weight: 8, arbitrary: forward },
  { weight: 1, arbitrary: fc.record({ kind: constant('restore'), key, revision }) },
  { weight: 1, arbitrary: fc.record({ kind: constant('undo'), revision }) },
);
const commitsOf = (mutation: fc.Arbitrary<Mutation>) =>
  fc.array(fc.array(mutation, { minLength: 1, maxLength: 3 }), { maxLength: 14 });

function commitOf(credential: Credential, mutations: readonly Mutation[], dryRun = false) {
  const { accountId } = credential;
  return { credential, accountId, checks: [], mutations, dryRun, idempotency: undefined };
}

/** What became of something, as text: the revision, or the code of the refusal. */
async function outcomeOf(work: Promise<{ readonly revision: number }>): Promise<string> {
  return work.then(
    (accepted) => String(accepted.revision),
    (error: unknown) => (error instanceof HaloError ? error.code : Promise.reject(error)),
  );
}

const writer = { access: 'write', prefix: '' } as const;
const naively = (
  model: NaiveStore,
  credential: Credential,
  mutations: readonly Mutation[],
  dryRun = false,
) => {
  const { outcome, next } = judgeNaively(model, commitOf(credential, mutations, dryRun), writer, limits, 0);
  return { outcome: outcome.replace(/:.*/s, ''), next };
};

/** Whether a mutation looks back at a revision that is yet to come, of which the model knows less. */
const looksAhead = (mutation: Mutation, model: NaiveStore) =>
  (mutation.kind === 'restore' || mutation.kind === 'undo') && mutation.revision > model.revision;

/** Makes the same commits in the engine and in the model. */
async function play(
  credential: Credential,
  start: NaiveStore,
  commits: readonly (readonly Mutation[])[],
): Promise<NaiveStore> {
  let model = start;
  for (const mutations of commits) {
    if (mutations.some((one) => looksAhead(one, model))) continue;
    const { outcome, next } = naively(model, credential, mutations);
    expect(await outcomeOf(engine.commit(credential, commitOf(credential, mutations)))).toBe(outcome);
    model = next;
  }
  return model;
}

/** All pages of a key's history, newest first; undefined when there is none. */
async function historyOf(
  credential: Credential,
  name: string,
  limit: number,
): Promise<VersionSummary[] | undefined> {
  const versions: VersionSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = await engine.history(credential, { key: name, limit, cursor }).catch((error: HaloError) => {
      expect(error.code).toBe('not-found');
      return undefined;
    });
    if (page === undefined) return undefined;
    expect(page.versions.length).toBeLessThanOrEqual(limit);
    versions.push(...page.versions);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return versions;
}

/** A key as it stood, in words. */
async function pastOf(credential: Credential, name: string, at: number): Promise<string> {
  return engine.getAt(credential, name, at).then(
    (stored) => (stored === undefined ? 'absent' : `${stored.revision} ${stored.value} ${stored.metadata}`),
    (error: HaloError) => error.code,
  );
}

const wordsOf = (version: NaiveVersion | undefined): string =>
  version === undefined || version.value === null
    ? 'absent'
    : `${version.revision} ${version.value} ${version.metadata}`;

const briefly = ({ revision, kind, size }: Pick<VersionSummary, 'revision' | 'kind' | 'size'>) =>
  `${revision} ${kind} ${size}`;

/** The versions of a key, newest first. */
const versionsOf = ({ log }: NaiveStore, name: string): NaiveVersion[] =>
  log.filter((version) => version.key === name).reverse();

const sizeOf = (version: NaiveVersion): number | null =>
  version.value === null ? null : Buffer.byteLength(version.value);

/** What must be told of every key and every revision, given what is told of each version still there. */
async function checkPast(
  credential: Credential,
  model: NaiveStore,
  expected: (name: string, at: number) => string,
): Promise<void> {
  const asked = keys.flatMap((name) =>
    Array.from({ length: model.revision + 1 }, (_, at) => [name, at] as const),
  );
  const told = await Promise.all(asked.map(([name, at]) => pastOf(credential, name, at)));
  expect(asked.map(([name, at], index) => `${name}@${at} ${told[index]}`)).toEqual(
    asked.map(([name, at]) => `${name}@${at} ${expected(name, at)}`),
  );
}

const newestAt = (versions: readonly NaiveVersion[], at: number) =>
  versions.find((version) => version.revision <= at);

describe('history', () => {
  test('tells every version of every key, and every key as it stood at every revision', async () => {
    const property = fc.asyncProperty(
      commitsOf(any),
      fc.integer({ min: 1, max: 4 }),
      async (commits, limit) => {
        const me = await createStore(database);
        const model = await play(me, emptyNaiveStore(), commits);
        for (const name of keys) {
          const versions = versionsOf(model, name);
          const expected = versions.map((one) => `${one.revision} ${one.kind} ${sizeOf(one)}`);
          const told = await historyOf(me, name, limit);
          expect(told?.map(briefly)).toEqual(versions.length === 0 ? undefined : expected);
        }
        await checkPast(me, model, (name, at) => wordsOf(newestAt(versionsOf(model, name), at)));
        await expect(engine.getAt(me, 'a', model.revision + 1)).rejects.toMatchObject({
          code: 'invalid-request',
          extra: { pointer: '/revision' },
        });
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  test('from the horizon on reads as before it was pruned, and below tells only what was kept', async () => {
    const property = fc.asyncProperty(commitsOf(any), fc.nat(), async (commits, at) => {
      const me = await createStore(database);
      const model = await play(me, emptyNaiveStore(), commits);
      const cut = at % (model.revision + 1);
      await age(me, cut);
      await prune();
      const { rows } = await database.writers.query(
        'select pruned_revision from stores where account_id = $1',
        [me.accountId],
      );
      expect(Number(rows[0].pruned_revision)).toBe(cut);
      const kept = (name: string) => keptOf(versionsOf(model, name), cut);
      await checkPast(me, model, (name, at) => {
        if (at >= cut) return wordsOf(newestAt(versionsOf(model, name), at));
        const exact = kept(name).find((version) => version.revision === at);
        return exact === undefined ? 'pruned' : wordsOf(exact);
      });
      for (const name of keys) {
        const expected = kept(name).map((one) => `${one.revision} ${one.kind} ${sizeOf(one)}`);
        const told = await historyOf(me, name, 3);
        expect(told?.map(briefly)).toEqual(expected.length === 0 ? undefined : expected);
        expect((await engine.get(me, name))?.value.toString()).toBe(model.live.get(name)?.value);
      }
      await checkUndoAndRestore(me, model, cut, kept);
    });
    await fc.assert(property, { numRuns: 40 });
  });

  test('of a key with too many versions keeps every change and the newest values', async () => {
    const halves = fc.tuple(commitsOf(forward), commitsOf(forward));
    const property = fc.asyncProperty(halves, fc.integer({ min: 1, max: 4 }), async (played, versionsMax) => {
      const me = await createStore(database);
      let model = emptyNaiveStore();
      for (const commits of played) {
        model = await play(me, model, commits);
        await prune(versionsMax);
      }
      const emptied = (versions: readonly NaiveVersion[], index: number) =>
        index >= versionsMax && versions[index]?.kind === 'set';
      await checkPast(me, model, (name, at) => {
        const versions = versionsOf(model, name);
        const stop = versions.findIndex((one, index) => one.revision <= at || emptied(versions, index));
        return emptied(versions, stop) ? 'pruned' : wordsOf(versions[stop]);
      });
      for (const name of keys) {
        const versions = versionsOf(model, name);
        const expected = versions.map(
          (one, index) => `${one.revision} ${one.kind} ${emptied(versions, index) ? null : sizeOf(one)}`,
        );
        const told = await historyOf(me, name, 100);
        expect(told?.map(briefly)).toEqual(versions.length === 0 ? undefined : expected);
        expect((await engine.get(me, name))?.value.toString()).toBe(model.live.get(name)?.value);
      }
    });
    await fc.assert(property, { numRuns: 40 });
  });

  /** Of what is kept, only the newest at the horizon, unless it told of an end that nothing came after. */
  function keptOf(versions: readonly NaiveVersion[], cut: number): NaiveVersion[] {
    const newest = newestAt(versions, cut);
    return versions.filter((version, index) => {
      if (version.revision > cut) return true;
      return version === newest && (version.kind === 'set' || index > 0);
    });
  }

  /** Asked without changing anything: what a commit would come to after pruning. */
  async function checkUndoAndRestore(
    me: Credential,
    model: NaiveStore,
    cut: number,
    kept: (name: string) => NaiveVersion[],
  ): Promise<void> {
    const revisions = Array.from({ length: model.revision }, (_, index) => index + 1);
    const undos = revisions.map((revision) => {
      const mutation: Mutation = { kind: 'undo', revision };
      return { mutation, known: revision > cut };
    });
    const restores = revisions.flatMap((revision) =>
      keys.map((name) => {
        const mutation: Mutation = { kind: 'restore', key: name, revision };
        return { mutation, known: revision >= cut || newestAt(kept(name), revision) !== undefined };
      }),
    );
    const asked = [...undos, ...restores];
    const told = await Promise.all(
      asked.map(({ mutation }) => outcomeOf(engine.commit(me, commitOf(me, [mutation], true)))),
    );
    const expected = asked.map(({ mutation, known }) =>
      known ? naively(model, me, [mutation], true).outcome : 'pruned',
    );
    const inWords = (outcomes: readonly string[]) =>
      asked.map(({ mutation }, index) => `${JSON.stringify(mutation)} ${outcomes[index]}`);
    expect(inWords(told)).toEqual(inWords(expected));
  }

  test('holds a token to its prefix and tells an ended session, for a page and for a value', async () => {
    const me = await createStore(database);
    await play(me, emptyNaiveStore(), [[setOf('in/a', '1')], [setOf('out', '1')]]);
    const scoped = await createSession(database.kysely, me.accountId, 'in/');
    const page = { limit: 10, cursor: undefined };
    expect((await engine.history(scoped, { key: 'in/a', ...page })).versions).toHaveLength(1);
    expect((await engine.getAt(scoped, 'in/a', 1))?.value.toString()).toBe('1');
    const outside = { code: 'insufficient-scope' };
    for (const name of ['out', 'absent']) {
      await expect(engine.history(scoped, { key: name, ...page })).rejects.toMatchObject(outside);
      await expect(engine.getAt(scoped, name, 1)).rejects.toMatchObject(outside);
    }
    await database.kysely.deleteFrom('sessions').where('id', '=', me.sessionId).execute();
    const ended = { code: 'session-ended' };
    await expect(engine.history(me, { key: 'out', ...page })).rejects.toMatchObject(ended);
    await expect(engine.getAt(me, 'out', 1)).rejects.toMatchObject(ended);
  });

  test('never tells one account of another’s key', async () => {
    const [mine, theirs] = [await createStore(database), await createStore(database)];
    await play(mine, emptyNaiveStore(), [[setOf('secret', 'mine')]]);
    await play(theirs, emptyNaiveStore(), [[setOf('other', 'theirs')]]);
    await expect(
      engine.history(theirs, { key: 'secret', limit: 10, cursor: undefined }),
    ).rejects.toMatchObject({ code: 'not-found' });
    await expect(engine.history(theirs, { key: 'secret', limit: 10, cursor: '1' })).rejects.toMatchObject({
      code: 'not-found',
    });
    expect(await engine.getAt(theirs, 'secret', 1)).toBeUndefined();
  });

  test('names who made a change, never the session’s id', async () => {
    const me = await createStore(database);
    const token = {
      ...(await createSession(database.kysely, me.accountId, '')),
      secretHash: Buffer.from('t'),
    };
    await database.kysely
      .updateTable('sessions')
      .set({ kind: 'token', name: 'backup', secret_hash: token.secretHash })
      .where('id', '=', token.sessionId)
      .execute();
    const device = 'Firefox on a tablet';
    const phone = await createSession(database.kysely, me.accountId, '');
    await database.kysely.updateTable('sessions').set({ device }).where('id', '=', phone.sessionId).execute();
    await engine.commit(token, commitOf(token, [setOf('a', '1')]));
    await engine.commit(phone, commitOf(phone, [setOf('a', '2')]));
    await engine.commit(me, commitOf(me, [setOf('a', '3')]));
    const actors = async (who: Credential) =>
      (await historyOf(who, 'a', 10))?.map((version) => version.actor).reverse();
    expect(await actors(me)).toEqual(['backup', device, 'unknown device']);
    await database.kysely.deleteFrom('sessions').where('id', '=', me.sessionId).execute();
    expect(await actors(phone)).toEqual(['backup', device, 'ended session']);
  });

  test.each(['', '0', '-1', '1.5', 'x', '99999999999999999'])('refuses the cursor %j', async (cursor) => {
    const me = await createStore(database);
    await expect(engine.history(me, { key: 'a', limit: 10, cursor })).rejects.toMatchObject({
      code: 'invalid-request',
      extra: { pointer: '/cursor' },
    });
  });
});

function setOf(name: string, text: string): Mutation {
  const value = new Uint8Array(Buffer.from(text));
  const rest = { contentType: 'text/plain', metadata: null, expiry: 'never', condition: undefined } as const;
  return { kind: 'set', key: name, value, ...rest };
}
