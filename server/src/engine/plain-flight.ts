import { databaseError, Refused } from '../database/failure.js';
import type { Line } from '../database/line.js';
import type { Credential } from '../database/live-session.js';
import type { WireRows } from '../database/wire.js';
import type { WireRow } from '../database/wire-reader.js';
import { readInt8Array, readTimestamp } from './array-results.js';
import { booleanArray, byteaArray, int4Array, int8, int8Array, textArray } from './arrays.js';
import type { Commit, SetMutation } from './commit.js';
import { credentialArrays, gatherCredentials } from './credentials.js';
import { bytesOf } from './draft.js';
import type { StoreLimits } from './flight-state.js';
import type { Accepted } from './plan.js';
import { lockStores, putPlain } from './statements.js';
import type { ChangedKey, StoreMove } from './store-move.js';
import { isConflict } from './transaction.js';

/** A set without condition, check or idempotency key, which does not keep an expiry. */
export interface PlainSet {
  readonly credential: Credential;
  readonly set: SetMutation;
}

export interface PlainOutcome {
  readonly outcomes: readonly Accepted[];
  /** When the PostgreSQL that wrote it began to run; see `version-cache.ts`. */
  readonly serverStart: Buffer | null;
  readonly moves: readonly StoreMove[];
}

/** A commit that is one plain set, or undefined. */
export function plainSetOf({
  credential,
  checks,
  mutations,
  dryRun,
  idempotency,
}: Commit): PlainSet | undefined {
  const [set] = mutations;
  if (credential === undefined || set?.kind !== 'set' || mutations.length > 1 || checks.length > 0)
    return undefined;
  if (dryRun || idempotency !== undefined || set.condition !== undefined) return undefined;
  if (set.value.length > valueBytesMax) return undefined;
  if (set.expiry !== 'never' && (set.expiry === 'keep' || !('ttlMs' in set.expiry))) return undefined;
  return { credential, set };
}

/** `putPlain` keeps the flight between its steps, which PostgreSQL does on disk when it is large. */
const valueBytesMax = 65_536;
/** For a set that does not expire. */
const noTtl = -1;
const yes = 1;

/**
 * Writes flights of plain sets without planning them: most writes set one key, whatever it was before, and for those
 * PostgreSQL can do all that `plan` would, in one statement and one round trip. Its promise: what it writes and
 * answers is what `plan` would have decided, or it writes nothing and leaves the flight to be planned. It does so
 * whenever anything about the flight is not plain: a session that has ended, may only read or does not reach a key; a
 * key that has expired and is not yet swept, or lies in the trash; an account near its limits.
 *
 * @returns undefined when nothing was written, and the flight has to be planned
 * @throws HaloError `unavailable`, `outcome-unknown`, `internal`
 */
export async function flyPlain(
  line: Line,
  limits: StoreLimits,
  sets: readonly PlainSet[],
): Promise<PlainOutcome | undefined> {
  const layout = layOut(sets);
  const rows = await run(line, layout, sets, limits);
  if (rows === undefined) return undefined;
  const answer = rows[1]?.[0] ?? [];
  return answer[0]?.[0] === yes ? readOutcome(layout, sets, answer) : undefined;
}

/** Where each set stands in its flight; places count from 1. */
interface Layout {
  readonly accountIds: readonly string[];
  /** Of each set: the place of its account, and how many revisions after the store's its own is. */
  readonly accounts: readonly number[];
  readonly steps: readonly number[];
  /** The step of the set before it of the same key; 0: there is none. */
  readonly previous: readonly number[];
  readonly isLast: readonly boolean[];
  /** Of each account. */
  readonly counts: readonly number[];
}

function layOut(sets: readonly PlainSet[]): Layout {
  const places = new Map<string, number>();
  const counts: number[] = [];
  const lastOf = new Map<string, number>();
  const accounts: number[] = [];
  const steps: number[] = [];
  const previous: number[] = [];
  const isLast: boolean[] = [];
  sets.forEach(({ credential: { accountId }, set: { key } }, index) => {
    const place = places.get(accountId) ?? places.size + 1;
    places.set(accountId, place);
    const step = (counts[place - 1] ?? 0) + 1;
    counts[place - 1] = step;
    // No account id has a space.
    const name = `${accountId} ${key}`;
    const before = lastOf.get(name);
    if (before !== undefined) isLast[before] = false;
    lastOf.set(name, index);
    accounts.push(place);
    steps.push(step);
    previous.push(before === undefined ? 0 : (steps[before] ?? 0));
    isLast.push(true);
  });
  return { accountIds: [...places.keys()], accounts, steps, previous, isLast, counts };
}

/** Undefined when PostgreSQL rolled back for what will not happen again. */
async function run(
  line: Line,
  { accountIds, accounts, steps, previous, isLast }: Layout,
  sets: readonly PlainSet[],
  { keysMax, bytesMax }: StoreLimits,
): Promise<WireRows | undefined> {
  const { credentials, places } = gatherCredentials(sets);
  const accountArray = int8Array(accountIds);
  const values = [
    ...credentialArrays(credentials),
    accountArray,
    int4Array(places),
    int4Array(accounts),
    int4Array(steps),
    int4Array(previous),
    booleanArray(isLast),
    textArray(sets.map(({ set }) => set.key)),
    byteaArray(sets.map(({ set }) => set.value)),
    textArray(sets.map(({ set }) => set.contentType)),
    textArray(sets.map(({ set }) => set.metadata)),
    int4Array(sets.map(({ set }) => bytesOf(set.key, set.value.length, set.metadata))),
    int8Array(sets.map(({ set }) => ttlMsOf(set))),
    int8(keysMax),
    int8(bytesMax),
  ];
  try {
    return await line.run([
      { ...lockStores, values: [accountArray] },
      { ...putPlain, values },
    ]);
  } catch (error) {
    if (error instanceof Refused && isWorthPlanning(error.cause)) return undefined;
    throw databaseError(error, { committing: true });
  }
}

/**
 * Whether PostgreSQL refused for what a transaction of its own would not meet, or would see through: others who wrote at
 * the same time, a lock that was not to be had soon, a statement not prepared because the run before it failed.
 */
function isWorthPlanning(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return isConflict(error) || code === '55P03' || code === '26000';
}

function ttlMsOf({ expiry }: SetMutation): number {
  return typeof expiry === 'object' && 'ttlMs' in expiry ? expiry.ttlMs : noTtl;
}

function readOutcome(
  { accountIds, accounts, steps, counts, isLast }: Layout,
  sets: readonly PlainSet[],
  [, revisionArray, createdArray, now, serverStart = null]: WireRow,
): PlainOutcome {
  const revisions = readInt8Array(revisionArray);
  const created = new Set(readInt8Array(createdArray));
  const writtenAtMs = now == null ? 0 : readTimestamp(now);
  const changed: ChangedKey[][] = accountIds.map(() => []);
  const outcomes = sets.map(({ set }, index) => {
    const place = (accounts[index] ?? 0) - 1;
    const revision = (revisions[place] ?? 0) + (steps[index] ?? 0);
    if (isLast[index]) changed[place]?.push({ key: set.key, last: { revision, set } });
    return { revision, results: [{ key: set.key, created: created.has(index + 1) }] };
  });
  const moves = accountIds.map((accountId, index) => {
    const from = revisions[index] ?? 0;
    const revision = from + (counts[index] ?? 0);
    return { accountId, from, revision, writtenAtMs, changed: changed[index] ?? [] };
  });
  return { outcomes, serverStart, moves };
}
