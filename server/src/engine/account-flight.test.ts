import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { Credential } from '../database/live-session.js';
import { createTestDatabase } from '../database/test-database.js';
import { HaloError } from '../errors.js';
import { accountStatements } from './account-statements.js';
import { readLive } from './change-statements.js';
import type { Condition, Expiry, Mutation } from './commit.js';
import { createEngine, type Engine } from './engine.js';
import { readKeys } from './statements.js';
import { createSession, createStore } from './test-store.js';

/** Flights of one account send PostgreSQL other statements than mixed ones, and must mean the same. */
const { database, drop } = await createTestDatabase('account');
const mixedDatabase = await createTestDatabase();
afterAll(() => Promise.all([drop(), mixedDatabase.drop()]));

const limits = { keysMax: 12, bytesMax: 400 };
const report = (what: string, cause: unknown) => {
  throw new Error(what, { cause });
};
const options = { limits, readFlightsMax: 4, writeFlightsMax: 4, report };

const key = fc.constantFrom('a', 'b', 'd/1', 'd/2', 'é', 'n');
const prefix = fc.constantFrom('d/', 'x/', '');
const revision = fc.integer({ min: 1, max: 12 });
const condition = fc.constantFrom<Condition | undefined>(
  undefined,
  undefined,
  { match: '*', noneMatch: undefined },
  { match: undefined, noneMatch: '*' },
);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({
    kind: fc.constant('set' as const),
    key,
    value: fc.oneof(fc.constant('7'), fc.string({ maxLength: 40 })).map((text) => Buffer.from(text)),
    contentType: fc.constant('text/plain'),
    metadata: fc.constantFrom(null, '{"m":"ü"}'),
    expiry: fc.constantFrom<Expiry>('never', 'keep', { ttlMs: 600_000 }),
    condition,
  }),
  fc.record({ kind: fc.constant('delete' as const), key, condition }),
  fc.record({ kind: fc.constantFrom('add' as const, 'max' as const), key, operand: fc.constantFrom(1n, 9n) }),
  fc.record({ kind: fc.constantFrom('copy' as const, 'move' as const), from: key, to: key }),
  fc.record({
    kind: fc.constantFrom('copy_prefix' as const, 'move_prefix' as const),
    from: prefix,
    to: prefix,
  }),
  fc.record({ kind: fc.constant('delete_prefix' as const), prefix: fc.constant('d/') }),
  fc.record({ kind: fc.constant('restore' as const), key, revision }),
  fc.record({ kind: fc.constant('undo' as const), revision }),
);

interface Asked {
  /** Which of two accounts, and which of its sessions. */
  readonly account: number;
  readonly session: number;
  readonly mutations: readonly Mutation[];
  readonly idempotency: string | undefined;
}

const asked: fc.Arbitrary<Asked> = fc.record({
  account: fc.constantFrom(0, 1),
  // Mostly one that may do everything; else one of limited scope, or long ended.
  session: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 2),
  mutations: fc.array(mutation, { minLength: 1, maxLength: 3 }),
  idempotency: fc.constantFrom(undefined, undefined, undefined, 'i', 'j'),
});

const setOf = (name: string): Mutation => ({
  kind: 'set',
  key: name,
  value: Buffer.from('7'),
  contentType: 'text/plain',
  metadata: null,
  expiry: 'never',
  condition: { match: undefined, noneMatch: undefined },
});

/** A history that takes every statement at least once. */
const everyKind: readonly (readonly Asked[])[] = (
  [
    [setOf('a'), setOf('d/1')],
    [{ kind: 'add', key: 'a', operand: 1n }],
    [{ kind: 'delete', key: 'a', condition: undefined }],
    [setOf('a')],
    [{ kind: 'restore', key: 'a', revision: 1 }],
    [{ kind: 'undo', revision: 5 }],
    [{ kind: 'copy_prefix', from: 'd/', to: 'x/' }],
  ] satisfies Mutation[][]
).map((mutations) => [{ account: 0, session: 0, mutations, idempotency: `${mutations[0]?.kind}` }]);

type Sessions = readonly (readonly Credential[])[];

async function createPeople(on: typeof database): Promise<Sessions> {
  const person = async () => {
    const full = await createStore(on);
    const scoped = await createSession(on.kysely, full.accountId, 'd/');
    return [full, scoped, { ...full, sessionId: 'ended' }];
  };
  return [await person(), await person()];
}

/** What callers heard, turn by turn, and what is stored in the end, but for times. */
async function run(engine: Engine, on: typeof database, turns: readonly (readonly Asked[])[]) {
  const people = await createPeople(on);
  const heard: unknown[] = [];
  for (const asked of turns) {
    const turn = await knowing(on, people, asked);
    const answers = turn.map(({ account, session, mutations, idempotency }) =>
      engine.commit(people[account]?.[session] as Credential, {
        checks: [],
        mutations,
        dryRun: false,
        idempotency: idempotency === undefined ? undefined : { key: idempotency, hash: Buffer.alloc(32) },
      }),
    );
    heard.push(...(await Promise.allSettled(answers)).map(toldOf));
    const reads = turn.flatMap(({ account, session }) =>
      ['a', 'd/1', 'n'].map((name) => engine.get(people[account]?.[session] as Credential, name)),
    );
    const found = await Promise.allSettled(reads);
    heard.push(...found.map(toldOf).map((told) => JSON.stringify(told, withoutTimes)));
  }
  const content = await Promise.all(people.map(([full]) => contentOf(on, full?.accountId ?? '')));
  return { heard, content };
}

/**
 * Without those that look back at a revision which nobody can have heard of yet: if it is made in this turn, whether it
 * is found depends on which flight makes it.
 */
async function knowing(on: typeof database, people: Sessions, turn: readonly Asked[]): Promise<Asked[]> {
  const revisions = await Promise.all(people.map(([full]) => revisionOf(on, full?.accountId ?? '')));
  return turn.filter(({ account, mutations }) =>
    mutations.every(
      (one) => (one.kind !== 'restore' && one.kind !== 'undo') || one.revision <= (revisions[account] ?? 0),
    ),
  );
}

async function revisionOf(on: typeof database, accountId: string): Promise<number> {
  const { rows } = await on.writers.query('select revision from stores where account_id = $1', [accountId]);
  return Number(rows[0]?.revision);
}

function toldOf(outcome: PromiseSettledResult<unknown>): unknown {
  if (outcome.status === 'fulfilled') return outcome.value;
  if (outcome.reason instanceof HaloError) return outcome.reason.code;
  throw outcome.reason;
}

const withoutTimes = (name: string, value: unknown) => (name.endsWith('AtMs') ? value !== null : value);

async function contentOf(on: typeof database, accountId: string): Promise<unknown[]> {
  const texts = [
    'select revision, keys, bytes from stores where account_id = $1',
    'select key, revision, bytes, expires_at is null from entries where account_id = $1 order by key',
    'select key, revision, purged from trash where account_id = $1 order by key',
    `select revision, key, previous_revision, kind, value, content_type, metadata, expires_at is null
     from versions where account_id = $1 order by revision, key`,
    'select key, answer from answers where account_id = $1 order by key',
  ];
  const results = await Promise.all(texts.map((text) => on.writers.query(text, [accountId])));
  return results.map(({ rows }) => rows);
}

test('flights of one account do and answer what mixed ones do, with statements that all are in use', async () => {
  const mixed = createEngine(mixedDatabase.database, options);
  const alone = createEngine(database, { ...options, flight: 'account' });
  const same = async (turns: readonly (readonly Asked[])[]) => {
    expect(await run(alone, database, turns)).toEqual(await run(mixed, mixedDatabase.database, turns));
  };
  const turns = fc.array(fc.array(asked, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 });
  await fc.assert(fc.asyncProperty(turns, same), { numRuns: 60, examples: [[everyKind]] });
  // Each was prepared on the connections of the pool, but for those of reads, which travel elsewhere.
  const elsewhere = [readKeys, readLive].map(({ name }) => `${name}_of_account`);
  const wanted = accountStatements.map(({ name }) => name).filter((name) => !elsewhere.includes(name));
  expect([...(await preparedNames())].filter((name) => wanted.includes(name)).sort()).toEqual(wanted.sort());
}, 120_000);

async function preparedNames(): Promise<ReadonlySet<string>> {
  const clients = await Promise.all([database.writers.connect(), database.writers.connect()]);
  const found = await Promise.all(
    clients.map((client) => client.query('select name from pg_prepared_statements')),
  );
  for (const client of clients) client.release();
  return new Set(found.flatMap(({ rows }) => rows.map(({ name }) => String(name))));
}

test('a session that ended reads and writes nothing, and a large value comes whole', async () => {
  const engine = createEngine(database, {
    ...options,
    limits: { keysMax: 9, bytesMax: 1e6 },
    flight: 'account',
  });
  const me = await createStore(database);
  const value = Buffer.alloc(90_000, 'x');
  const put = {
    key: 'a',
    value,
    contentType: 'x/y',
    metadata: null,
    expiry: 'never',
    condition: undefined,
  } as const;
  await engine.set(me, put, false);
  expect((await engine.get(me, 'a'))?.value).toEqual(value);
  await engine.demandLive(me);
  await database.writers.query('delete from sessions where account_id = $1', [me.accountId]);
  const refused = await Promise.allSettled([
    engine.get(me, 'a'),
    engine.set(me, put, false),
    engine.demandLive(me),
  ]);
  expect(refused.map(toldOf)).toEqual(['session-ended', 'session-ended', 'session-ended']);
});
