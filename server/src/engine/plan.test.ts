import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HaloError } from '../errors.js';
import type { Commit, Condition, Expiry, Mutation } from './commit.js';
import { emptyNaiveStore, expireNaively, judgeNaively, type NaiveStore, naiveBytes } from './naive-store.js';
import { type Plan, plan } from './plan.js';
import {
  type Live,
  type Past,
  type Pointer,
  pastName,
  type SessionState,
  type State,
  type StoreState,
  type UndoneChange,
} from './state.js';

/** What PostgreSQL would hold for one account. */
interface Tables {
  revision: number;
  keys: number;
  bytes: number;
  readonly entries: Map<string, Omit<Live, 'content'>>;
  readonly trash: Map<string, number>;
  readonly versions: Map<string, StoredVersion>;
  readonly answers: Map<string, { hash: Buffer; answer: string }>;
}

interface StoredVersion {
  readonly revision: number;
  readonly key: string;
  readonly kind: string;
  readonly value: string | null;
  readonly metadata: string | null;
  readonly expiresAtMs: number | null;
  readonly previous: number | undefined;
}

const accountIds = ['7', '8'] as const;

/** What PostgreSQL would hold, by account. */
type Database = ReadonlyMap<string, Tables>;
const limits = { keysMax: 5, bytesMax: 60 };
const sessions: Readonly<Record<string, SessionState | undefined>> = {
  writer: { access: 'write', prefix: '' },
  reader: { access: 'read', prefix: '' },
  scoped: { access: 'write', prefix: 'b' },
  ended: undefined,
};

const emptyTables = (): Tables => ({
  revision: 0,
  keys: 0,
  bytes: 0,
  entries: new Map(),
  trash: new Map(),
  versions: new Map(),
  answers: new Map(),
});

const versionName = (key: string, revision: number) => `${revision} ${key}`;

const emptyDatabase = (): Database => new Map(accountIds.map((accountId) => [accountId, emptyTables()]));

/** What the writer would read for a flight: here simply everything of the accounts that commit. */
function stateOf(database: Database, commits: readonly Commit[], nowMs: number): State {
  const stores = new Map<string, StoreState>();
  for (const [accountId, tables] of database) {
    const own = commits.filter((commit) => commit.accountId === accountId);
    if (own.length > 0) stores.set(accountId, storeOf(tables, own));
  }
  return {
    nowMs,
    serverStart: null,
    stores,
    sessions: commits.map((commit) => sessions[commit.credential?.sessionId ?? '']),
  };
}

function storeOf(tables: Tables, commits: readonly Commit[]): StoreState {
  const pointers = new Map<string, Pointer>();
  for (const [key, head] of tables.trash) pointers.set(key, { live: undefined, head });
  for (const [key, entry] of tables.entries) {
    const value = tables.versions.get(versionName(key, entry.revision))?.value ?? '';
    const content = { revision: entry.revision, key, short: value.length <= 20 ? value : undefined };
    pointers.set(key, { live: { ...entry, content }, head: entry.revision });
  }
  const pasts = new Map<string, Past>();
  const undone = new Map<number, UndoneChange[]>();
  for (const { mutations } of commits) {
    for (const mutation of mutations) {
      if (mutation.kind === 'restore') {
        pasts.set(
          pastName(mutation.key, mutation.revision),
          pastOf(tables, mutation.key, pointers, mutation.revision),
        );
      } else if (mutation.kind === 'undo') {
        const changes = [...tables.versions.values()].filter(
          (version) => version.revision === mutation.revision,
        );
        const before = changes.map(({ key, previous }) => ({
          key,
          before: versionAt(tables, key, previous),
        }));
        if (before.length > 0) undone.set(mutation.revision, before);
      }
    }
  }
  const { revision, keys, bytes, answers } = tables;
  return {
    revision,
    keys,
    bytes,
    ...limits,
    pointers,
    pasts,
    undone,
    answers,
    crowdedPrefixes: new Set<string>(),
  };
}

/** Walks the chain, as the statement does. */
function pastOf(tables: Tables, key: string, pointers: ReadonlyMap<string, Pointer>, at: number): Past {
  let revision = pointers.get(key)?.head;
  while (revision !== undefined && revision > at)
    revision = tables.versions.get(versionName(key, revision))?.previous;
  return versionAt(tables, key, revision);
}

function versionAt(tables: Tables, key: string, revision: number | undefined): Past {
  const version = revision === undefined ? undefined : tables.versions.get(versionName(key, revision));
  if (version === undefined || version.value === null) return 'absent';
  const bytes =
    Buffer.byteLength(key) + Buffer.byteLength(version.value) + Buffer.byteLength(version.metadata ?? '');
  const content = { revision: version.revision, key, short: version.value };
  return { bytes, expiresAtMs: version.expiresAtMs, content };
}

/** What the writer would write, statement by statement. */
function write(database: Database, { stores }: Plan): void {
  for (const store of stores) {
    const tables = database.get(store.accountId) ?? emptyTables();
    tables.revision = store.revision;
    tables.keys = store.keys;
    tables.bytes = store.bytes;
    const appended = store.versions.map(({ revision, key, kind, live, previousRevision: previous }) => {
      const { value, metadata } = contentOf(tables, live);
      return { revision, key, kind, value, metadata, expiresAtMs: live?.expiresAtMs ?? null, previous };
    });
    for (const version of appended) {
      const name = versionName(version.key, version.revision);
      // The primary key: a key has one version a revision.
      expect(tables.versions.has(name)).toBe(false);
      tables.versions.set(name, version);
    }
    for (const { key, before, after } of store.pointers) {
      if (after.live) {
        const { content, ...entry } = after.live;
        tables.entries.set(key, entry);
        if (!before.live && before.head !== undefined) tables.trash.delete(key);
      } else {
        tables.entries.delete(key);
        if (after.head !== undefined) tables.trash.set(key, after.head);
      }
    }
    for (const { key, ...given } of store.answers) tables.answers.set(key, given);
  }
}

/** Content to be copied must be stored before the flight: the statement that copies sees nothing newer. */
function contentOf(
  tables: Tables,
  live: Live | undefined,
): { value: string | null; metadata: string | null } {
  if (live === undefined) return { value: null, metadata: null };
  const { content } = live;
  if ('value' in content) return { value: Buffer.from(content.value).toString(), metadata: content.metadata };
  const source = tables.versions.get(versionName(content.key, content.revision));
  expect(source).toBeDefined();
  return { value: source?.value ?? null, metadata: source?.metadata ?? null };
}

const key = fc.constantFrom('a', 'b', 'b/x', 'b/y', 'c/x', 'é');
const prefix = fc.constantFrom('b/', 'c/', 'd/');
const revision = fc.integer({ min: 1, max: 12 });
const revisions = fc.oneof(fc.constant('*' as const), fc.array(revision, { maxLength: 2 }));
const condition: fc.Arbitrary<Condition | undefined> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc.record({
      match: fc.option(revisions, { nil: undefined }),
      noneMatch: fc.option(revisions, { nil: undefined }),
    }),
  },
);
const expiry: fc.Arbitrary<Expiry> = fc.oneof(
  fc.constantFrom<Expiry>('never', 'keep'),
  fc.record({ ttlMs: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ atMs: fc.integer({ min: 1, max: 200 }) }),
);
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('0', '7', '-1', '9223372036854775807', '007'),
);
const operand = fc.constantFrom(1n, -5n, 9223372036854775807n, -9223372036854775808n);
const constant = <Kind extends string>(kind: Kind) => fc.constant(kind);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: constant('set'),
      key,
      value: text.map((value) => new Uint8Array(Buffer.from(value))),
      contentType: fc.constant('text/plain'),
      metadata: fc.option(fc.constant('{"é":1}'), { nil: null }),
      expiry,
      condition,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: constant('delete'), key, condition }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('add', 'min', 'max'), key, operand }) },
  { weight: 1, arbitrary: fc.record({ kind: constant('touch'), key, expiry }) },
  { weight: 2, arbitrary: fc.record({ kind: constant('restore'), key, revision }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('copy', 'move'), from: key, to: key }) },
  { weight: 1, arbitrary: fc.record({ kind: constant('delete_prefix'), prefix }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('copy_prefix', 'move_prefix'), from: prefix, to: prefix }),
  },
  { weight: 3, arbitrary: fc.record({ kind: constant('undo'), revision }) },
);
const sessionId = fc.oneof(
  { weight: 8, arbitrary: fc.constant('writer') },
  { weight: 1, arbitrary: fc.constantFrom('reader', 'scoped', 'ended') },
);
const commit: fc.Arbitrary<Commit> = fc.record({
  accountId: fc.constantFrom(...accountIds),
  credential: fc.record({
    accountId: fc.constant('the same'),
    sessionId,
    secretHash: fc.constant(undefined),
  }),
  checks: fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(fc.record({ key, revision: fc.integer({ min: 0, max: 6 }) }), { maxLength: 2 }),
    },
  ),
  mutations: fc.array(mutation, { minLength: 1, maxLength: 3 }),
  dryRun: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  idempotency: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.record({
        key: fc.constantFrom('i', 'j'),
        hash: fc.constantFrom('1', '2').map((hash) => Buffer.from(hash)),
      }),
    },
  ),
});
/** Flights with the time that passes before each. */
const flights = fc.array(
  fc.tuple(fc.array(commit, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 20 })),
  {
    maxLength: 8,
  },
);

function describeOutcome(outcome: Plan['outcomes'][number] | undefined): string {
  if (outcome === undefined) return 'missing';
  if (outcome instanceof HaloError) return outcome.code;
  const told = outcome.results.map(({ key, created, value, count }) => {
    if (value !== undefined) return `${key} = ${value}`;
    if (count !== undefined) return `${key} × ${count}`;
    return created === undefined ? key : `${key} ${created}`;
  });
  return `${outcome.revision}: ${told.join('; ')}`;
}

/** Whether a commit looks back at a revision that its own flight may make. */
function looksBack(commits: readonly Commit[], database: Database): boolean {
  return commits.some(({ accountId, mutations }) =>
    mutations.some(
      (one) =>
        (one.kind === 'restore' || one.kind === 'undo') &&
        one.revision > (database.get(accountId)?.revision ?? 0),
    ),
  );
}

function expectSame(tables: Tables, model: NaiveStore): void {
  expect(tables.revision).toBe(model.revision);
  expect(tables.keys).toBe(model.live.size);
  expect(tables.bytes).toBe(naiveBytes(model));
  const byName = (a: StoredVersion, b: StoredVersion) => a.revision - b.revision || (a.key < b.key ? -1 : 1);
  expect([...tables.versions.values()].sort(byName)).toEqual([...model.log].sort(byName));
  const entries = [...tables.entries].map(([name, { bytes, ...entry }]) => [name, entry]);
  const lived = [...model.live].map(([name, { value, metadata, ...entry }]) => [name, entry]);
  expect(new Map(entries as never)).toEqual(new Map(lived as never));
}

describe('the plan', () => {
  test('decides every flight as judging its commits one by one would', () => {
    fc.assert(
      fc.property(flights, (sequence) => {
        let nowMs = 0;
        const database = emptyDatabase();
        const models = new Map(
          accountIds.map((accountId): [string, NaiveStore] => [accountId, emptyNaiveStore()]),
        );
        const modelOf = (accountId: string) => models.get(accountId) ?? emptyNaiveStore();
        for (const [commits, passedMs] of sequence) {
          nowMs += passedMs;
          if (looksBack(commits, database)) continue;
          const decided = plan(stateOf(database, commits, nowMs), commits);
          write(database, decided);
          for (const accountId of new Set(commits.map((one) => one.accountId))) {
            models.set(accountId, expireNaively(modelOf(accountId), nowMs));
          }
          const expected = commits.map((one) => {
            const session = sessions[one.credential?.sessionId ?? ''];
            const { outcome, next } = judgeNaively(modelOf(one.accountId), one, session, limits, nowMs);
            models.set(one.accountId, next);
            return outcome;
          });
          expect(decided.outcomes.map(describeOutcome)).toEqual(expected);
          for (const [accountId, tables] of database) expectSame(tables, modelOf(accountId));
        }
      }),
      { numRuns: 4_000 },
    );
  });

  test('keeps each key’s history in one unbroken chain and revisions without a gap', () => {
    fc.assert(
      fc.property(flights, (sequence) => {
        const database = emptyDatabase();
        let nowMs = 0;
        for (const [commits, passedMs] of sequence) {
          nowMs += passedMs;
          write(database, plan(stateOf(database, commits, nowMs), commits));
        }
        for (const tables of database.values()) {
          const versions = [...tables.versions.values()].sort((a, b) => a.revision - b.revision);
          const used = [...new Set(versions.map((version) => version.revision))];
          expect(used).toEqual(Array.from({ length: tables.revision }, (_, index) => index + 1));
          const heads = new Map<string, number>();
          for (const version of versions) {
            expect(version.previous).toBe(heads.get(version.key));
            heads.set(version.key, version.revision);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
