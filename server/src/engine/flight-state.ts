import { limits as contractLimits } from 'halo-contract';
import { int8Array } from './arrays.js';
import { type Commit, keysNamed } from './commit.js';
import { credentialArrays, gatherCredentials } from './credentials.js';
import {
  type Asked,
  expansionStatements,
  gatherAsked,
  keyStatements,
  type StoreKey,
} from './flight-questions.js';
import { instantMs } from './instant.js';
import type { Pointer, State, StoreState } from './state.js';
import { parseAnswers, parsePasts, parsePointers, parseSession, parseUndone } from './state-rows.js';
import { lockStores, prepared, type Row, readSessions } from './statements.js';
import type { Ask } from './transaction.js';

/** What an account may keep unless its store says otherwise. */
export interface StoreLimits {
  readonly keysMax: number;
  readonly bytesMax: number;
}

/**
 * Reads what a flight of commits needs to be planned. Most flights ask once: the lock, then sessions and
 * pointers. Those with prefixes or undo ask twice, for only the first answers tell which keys they name.
 */
export async function readState(ask: Ask, limits: StoreLimits, commits: readonly Commit[]): Promise<State> {
  const { credentials, places } = gatherCredentials(commits);
  const asked = gatherAsked(commits);
  const accountIds = [...new Set(commits.map((commit) => commit.accountId))];
  const opening = [
    prepared(lockStores, [int8Array(accountIds)]),
    prepared(readSessions, credentialArrays(credentials)),
  ];
  const expands = asked.prefixes.length > 0 || asked.undos.length > 0;
  let keys = namedKeys(commits);
  const [storeRows = [], sessionRows = [], ...first] = await ask([
    ...opening,
    ...(expands ? expansionStatements(asked) : keyStatements(asked, keys)),
  ]);
  const [prefixRows = [], undoRows = []] = expands ? first : [];
  if (expands) keys = possibleKeys(commits, keys, asked, prefixRows, undoRows);
  const [pointerRows = [], pastRows = [], answerRows = []] = expands
    ? await ask(keyStatements(asked, keys))
    : first;
  const pointers = parsePointers(keys, pointerRows);
  const undone = parseUndone(asked.undos, undoRows);
  const pasts = parsePasts(asked.pasts, pastRows);
  const answers = parseAnswers(asked.answers, answerRows);
  const crowded = crowdedPrefixes(asked, prefixRows);
  const stores = new Map<string, StoreState>();
  for (const [id, revision, count, bytes, keysMax, bytesMax] of storeRows) {
    const accountId = String(id);
    stores.set(accountId, {
      revision: Number(revision),
      keys: Number(count),
      bytes: Number(bytes),
      keysMax: keysMax == null ? limits.keysMax : Number(keysMax),
      bytesMax: bytesMax == null ? limits.bytesMax : Number(bytesMax),
      pointers: pointers.get(accountId) ?? new Map<string, Pointer>(),
      crowdedPrefixes: crowded.get(accountId) ?? new Set(),
      pasts: pasts.get(accountId) ?? new Map(),
      undone: undone.get(accountId) ?? new Map(),
      answers: answers.get(accountId) ?? new Map(),
    });
  }
  const live = new Map(sessionRows.map((row) => [Number(row[0]), row]));
  // The statement always answers a row, for the time's sake.
  const [, , , now, serverStart] = sessionRows[0] ?? [];
  return {
    nowMs: instantMs(now ?? ''),
    serverStart: serverStart == null ? null : Buffer.from(serverStart, 'hex'),
    stores,
    sessions: places.map((place) => parseSession(live.get(place))),
  };
}

function namedKeys(commits: readonly Commit[]): StoreKey[] {
  const known = createKeySet();
  for (const { accountId, checks, mutations } of commits) {
    for (const { key } of checks) known.add(accountId, key);
    for (const mutation of mutations) for (const key of keysNamed(mutation)) known.add(accountId, key);
  }
  return known.keys;
}

/**
 * Every key that the flight might touch: those named, those under its prefixes, those of the commits it
 * undoes, and wherever prefixes are copied to, also by one commit after another.
 */
function possibleKeys(
  commits: readonly Commit[],
  named: readonly StoreKey[],
  { prefixes, undos }: Asked,
  prefixRows: readonly Row[],
  undoRows: readonly Row[],
): StoreKey[] {
  const known = createKeySet();
  for (const { accountId, key } of named) known.add(accountId, key);
  for (const [n, key] of prefixRows) known.add(prefixes[Number(n) - 1]?.accountId, key);
  for (const [n, key] of undoRows) known.add(undos[Number(n) - 1]?.accountId, key);
  for (const { accountId, mutations } of commits) {
    for (const mutation of mutations) {
      if (mutation.kind !== 'copy_prefix' && mutation.kind !== 'move_prefix') continue;
      const { from, to } = mutation;
      const sources = known.keys.filter(
        (known) => known.accountId === accountId && known.key.startsWith(from),
      );
      for (const { key } of sources) known.add(accountId, to + key.slice(from.length));
    }
  }
  return known.keys;
}

function createKeySet() {
  const keys: StoreKey[] = [];
  const seen = new Map<string, Set<string>>();
  const add = (accountId: string | undefined, key: string | null | undefined): void => {
    if (accountId === undefined || key == null) return;
    let known = seen.get(accountId);
    if (known === undefined) {
      known = new Set();
      seen.set(accountId, known);
    }
    if (known.has(key)) return;
    known.add(key);
    keys.push({ accountId, key });
  };
  return { keys, add };
}

function crowdedPrefixes({ prefixes }: Asked, rows: readonly Row[]): Map<string, Set<string>> {
  const counts = new Map<number, number>();
  for (const [n] of rows) counts.set(Number(n), (counts.get(Number(n)) ?? 0) + 1);
  const crowded = new Map<string, Set<string>>();
  for (const [n, count] of counts) {
    const asked = prefixes[n - 1];
    if (count <= contractLimits.prefixKeysMax || asked === undefined) continue;
    const known = crowded.get(asked.accountId) ?? new Set<string>();
    crowded.set(asked.accountId, known.add(asked.key));
  }
  return crowded;
}
