import { HaloError, pause, readJson } from 'halo-client';
import {
  type AccountView,
  type EntryList,
  ndjsonType,
  type ReadAnswer,
  type ValuedEntry,
} from 'halo-contract';
import { hasCode } from '../../explain.js';
import { session } from '../../session/browser-session.js';
import type { ImportAnswer } from './import-progress.js';
import { isPassing, type PartRequest } from './import-run.js';
import { readAnswer } from './ndjson-answer.js';

/** Times that a question is asked again when the server asks to wait. */
const waitsMax = 10;
const usualWaitMs = 2_000;

/** Sends a part of an import. If the session ends on the way, it waits for the log-in. */
export async function* sendPart({ bytes, rule, dryRun, signal }: PartRequest): AsyncGenerator<ImportAnswer> {
  const response = await session.requestForDraft({
    method: 'POST',
    path: '/v1/import',
    query: { on_conflict: rule, ...(dryRun ? { dry_run: true } : {}) },
    headers: { 'Content-Type': ndjsonType },
    body: bytes,
    signal,
  });
  yield* readAnswer<ImportAnswer>(response, signal);
}

/**
 * Returns what the server has of some keys, in their order. It answers only so many bytes at once; of more, it
 * is asked in halves.
 */
export async function readEntries(
  keys: readonly string[],
  signal: AbortSignal,
): Promise<readonly (ValuedEntry | null)[]> {
  try {
    return await patiently(signal, async () => {
      const ask = { method: 'POST', path: '/v1/read', body: { keys }, signal, repeat: 'safe' } as const;
      return (await readJson<ReadAnswer>(await session.requestForDraft(ask))).entries;
    });
  } catch (error) {
    if (!hasCode(error, 'too-large') || keys.length < 2) throw error;
    const half = Math.ceil(keys.length / 2);
    const first = await readEntries(keys.slice(0, half), signal);
    return [...first, ...(await readEntries(keys.slice(half), signal))];
  }
}

export async function readRevision(): Promise<number> {
  const response = await session.requestForDraft({ method: 'GET', path: '/v1/account' });
  return (await readJson<AccountView>(response)).revision;
}

/** Returns the answer of an export; its lines are still to come. */
export function openExport(prefix: string, signal: AbortSignal): Promise<Response> {
  const query = prefix === '' ? {} : { prefix };
  return session.request({ method: 'GET', path: '/v1/export', query, signal });
}

export async function countKeys(prefix: string, signal: AbortSignal): Promise<number | undefined> {
  const query = { ...(prefix === '' ? {} : { prefix }), count: true, limit: 1 };
  const response = await session.request({ method: 'GET', path: '/v1/keys', query, signal });
  return (await readJson<EntryList>(response)).count;
}

export async function undoCommit(revision: number): Promise<void> {
  await session.request({ method: 'POST', path: '/v1/undo', body: { revision } });
}

/** Asks again, as often as makes sense, when the server is busy or counts too many requests. */
async function patiently<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
  for (let waits = 0; ; waits += 1) {
    try {
      return await task();
    } catch (error) {
      const isBusy = error instanceof HaloError && isPassing(error.code);
      if (!isBusy || waits >= waitsMax) throw error;
      await pause(error.retryAfterMs ?? usualWaitMs, signal);
    }
  }
}
