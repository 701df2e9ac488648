import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HaloError } from '../errors.js';
import {
  type Commit,
  type Condition,
  type Expiry,
  type Mutation,
  type Plan,
  type Pointer,
  plan,
  type SessionState,
  type State,
} from './plan.js';

/** What PostgreSQL would hold for one account, kept the simple way. */
interface Tables {
  revision: number;
  keys: number;
  bytes: number;
  readonly entries: Map<
    string,
    { revision: number; bytes: number; createdAtMs: number; expiresAtMs: number | null }
  >;
  readonly trash: Map<string, number>;
  readonly versions: {
    revision: number;
    key: string;
    kind: string;
    value: string | null;
    previous: number | undefined;
  }[];
}

const accountId = '7';
const keysMax = 3;
const bytesMax = 40;
const writer: SessionState = { access: 'write', prefix: '' };
const sessions: Readonly<Record<string, SessionState | undefined>> = {
  writer,
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
  versions: [],
});

/** What the writer would read for a flight. */
function stateOf(tables: Tables, commits: readonly Commit[], nowMs: number): State {
  const pointers = new Map<string, Pointer>();
  for (const { mutations } of commits) {
    for (const { key } of mutations) {
      const live = tables.entries.get(key);
      pointers.set(key, { live, head: live?.revision ?? tables.trash.get(key) });
    }
  }
  const { revision, keys, bytes } = tables;
  return {
    nowMs,
    stores: new Map([[accountId, { revision, keys, bytes, keysMax, bytesMax, pointers }]]),
    sessions: commits.map((commit) => sessions[commit.credential.sessionId]),
  };
}

/** What the writer would write, statement by statement. */
function write(tables: Tables, { stores }: Plan): void {
  for (const store of stores) {
    tables.revision = store.revision;
    tables.keys = store.keys;
    tables.bytes = store.bytes;
    for (const { revision, key, kind, value, previousRevision } of store.versions) {
      const text = value === null ? null : Buffer.from(value).toString();
      tables.versions.push({ revision, key, kind, value: text, previous: previousRevision });
    }
    for (const { key, before, after } of store.pointers) {
      if (after.live) tables.entries.set(key, after.live);
      else tables.entries.delete(key);
      if (after.live) {
        // The writer removes a key from the trash only when it stood there before the flight.
        if (!before.live && before.head !== undefined) tables.trash.delete(key);
      } else if (after.head !== undefined) tables.trash.set(key, after.head);
    }
  }
}

/** The same rules told naively: one commit at a time, on a copy that is kept or thrown away. */
function judgeNaively(tables: Tables, commit: Commit, nowMs: number): { outcome: string; next: Tables } {
  const next = structuredClone(tables);
  const session = sessions[commit.credential.sessionId];
  const refuse = (code: string) => ({ outcome: code, next: tables });
  if (session === undefined) return refuse('session-ended');
  if (session.access === 'read') return refuse('insufficient-scope');
  next.revision += 1;
  const created: boolean[] = [];
  for (const mutation of commit.mutations) {
    const { key } = mutation;
    if (!key.startsWith(session.prefix)) return refuse('insufficient-scope');
    const row = next.entries.get(key);
    const live = row && (row.expiresAtMs === null || row.expiresAtMs > nowMs) ? row : undefined;
    if (mutation.kind === 'delete' && !live) return refuse('not-found');
    const current = live?.revision ?? 0;
    const { match, noneMatch } = mutation.condition ?? {};
    if (match === '*' && !live) return refuse('precondition-failed');
    if (Array.isArray(match) && !match.includes(current)) return refuse('precondition-failed');
    if (noneMatch === '*' && live) return refuse('precondition-failed');
    if (Array.isArray(noneMatch) && live && noneMatch.includes(current)) return refuse('precondition-failed');
    const previous = row?.revision ?? next.trash.get(key);
    next.bytes -= row?.bytes ?? 0;
    next.keys -= row ? 1 : 0;
    next.entries.delete(key);
    next.trash.delete(key);
    if (mutation.kind === 'delete') {
      next.trash.set(key, next.revision);
      next.versions.push({ revision: next.revision, key, kind: 'delete', value: null, previous });
    } else {
      const { expiry } = mutation;
      let expiresAtMs: number | null = null;
      if (expiry === 'keep') expiresAtMs = live?.expiresAtMs ?? null;
      else if (expiry !== 'never') expiresAtMs = 'ttlMs' in expiry ? nowMs + expiry.ttlMs : expiry.atMs;
      if (expiresAtMs !== null && expiresAtMs <= nowMs) return refuse('invalid-value');
      const bytes =
        Buffer.byteLength(key) + mutation.value.length + Buffer.byteLength(mutation.metadata ?? '');
      next.bytes += bytes;
      next.keys += 1;
      next.entries.set(key, {
        revision: next.revision,
        bytes,
        createdAtMs: live?.createdAtMs ?? nowMs,
        expiresAtMs,
      });
      const value = Buffer.from(mutation.value).toString();
      next.versions.push({ revision: next.revision, key, kind: 'set', value, previous });
    }
    created.push(live === undefined);
  }
  if (next.keys > keysMax && next.keys > tables.keys) return refuse('quota-exceeded');
  if (next.bytes > bytesMax && next.bytes > tables.bytes) return refuse('quota-exceeded');
  const outcome = `${next.revision} ${created.join()}`;
  return { outcome, next: commit.dryRun ? tables : next };
}

const key = fc.constantFrom('a', 'b', 'bé', 'c', 'd');
const revisions = fc.oneof(
  fc.constant('*' as const),
  fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 2 }),
);
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
const value = fc.string({ maxLength: 12 }).map((text) => new Uint8Array(Buffer.from(text)));
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({
    kind: fc.constant('set' as const),
    key,
    value,
    contentType: fc.constant('text/plain'),
    metadata: fc.option(fc.constant('{"é":1}'), { nil: null }),
    expiry,
    condition,
  }),
  fc.record({ kind: fc.constant('delete' as const), key, condition }),
);
const commit: fc.Arbitrary<Commit> = fc.record({
  credential: fc.record({
    accountId: fc.constant(accountId),
    sessionId: fc.oneof(
      { weight: 8, arbitrary: fc.constant('writer') },
      { weight: 1, arbitrary: fc.constantFrom('reader', 'scoped', 'ended') },
    ),
    secretHash: fc.constant(undefined),
  }),
  mutations: fc.array(mutation, { minLength: 1, maxLength: 3 }),
  dryRun: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});
/** Flights with the time that passes before each. */
const flights = fc.array(
  fc.tuple(fc.array(commit, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 20 })),
  {
    maxLength: 6,
  },
);

function describeOutcome(outcome: Plan['outcomes'][number] | undefined): string {
  if (outcome === undefined) return 'missing';
  if (outcome instanceof HaloError) return outcome.code;
  return `${outcome.revision} ${outcome.results.map((result) => result.created).join()}`;
}

describe('the plan', () => {
  test('decides every flight as judging its commits one by one would', () => {
    fc.assert(
      fc.property(flights, (sequence) => {
        let nowMs = 0;
        const tables = emptyTables();
        let model = emptyTables();
        for (const [commits, passedMs] of sequence) {
          nowMs += passedMs;
          const decided = plan(stateOf(tables, commits, nowMs), commits);
          write(tables, decided);
          const expected = commits.map((one) => {
            const { outcome, next } = judgeNaively(model, one, nowMs);
            model = next;
            return outcome;
          });
          expect(decided.outcomes.map(describeOutcome)).toEqual(expected);
          expect(tables).toEqual(model);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  test('keeps each key’s history in one unbroken chain and revisions without a gap', () => {
    fc.assert(
      fc.property(flights, (sequence) => {
        const tables = emptyTables();
        let nowMs = 0;
        for (const [commits, passedMs] of sequence) {
          nowMs += passedMs;
          write(tables, plan(stateOf(tables, commits, nowMs), commits));
        }
        const used = [...new Set(tables.versions.map((version) => version.revision))];
        expect(used).toEqual(Array.from({ length: tables.revision }, (_, index) => index + 1));
        const heads = new Map<string, number>();
        for (const version of tables.versions) {
          expect(version.previous).toBe(heads.get(version.key));
          heads.set(version.key, version.revision);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('answers a failed precondition with the current revision, 0 when the key is absent', () => {
    const put = (match: Condition['match']): Commit => ({
      credential: { accountId, sessionId: 'writer', secretHash: undefined },
      mutations: [
        {
          kind: 'set',
          key: 'a',
          value: new Uint8Array(),
          contentType: 'text/plain',
          metadata: null,
          expiry: 'never',
          condition: { match, noneMatch: undefined },
        },
      ],
      dryRun: false,
    });
    const tables = emptyTables();
    const first = plan(stateOf(tables, [put([4])], 1), [put([4])]);
    expect(first.outcomes[0]).toMatchObject({ code: 'precondition-failed', extra: { revision: 0 } });
    expect(first.stores).toEqual([]);
    tables.entries.set('a', { revision: 9, bytes: 1, createdAtMs: 1, expiresAtMs: null });
    const second = plan(stateOf(tables, [put([4])], 1), [put([4])]);
    expect(second.outcomes[0]).toMatchObject({ code: 'precondition-failed', extra: { revision: 9 } });
  });
});
