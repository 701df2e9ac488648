import { readJson } from 'halo-client';
import { type CommitAnswer, keyFault } from 'halo-contract';
import { hasCode } from '../../explain.js';
import { session } from '../../session/browser-session.js';

/** Takes a commit back with a new one, which is answered. */
export async function undoCommit(revision: number): Promise<CommitAnswer> {
  return readJson(await session.request({ method: 'POST', path: '/v1/undo', body: { revision } }));
}

/** Returns the keys that keep a commit from being undone, because they have changed since; undefined for other errors. */
export function conflictsOf(error: unknown): readonly string[] | undefined {
  if (!hasCode(error, 'undo-conflict')) return undefined;
  const conflicts = new Map<string, unknown>(Object.entries(error.problem ?? {})).get('conflicts');
  if (!Array.isArray(conflicts)) return [];
  return conflicts.flatMap((conflict: { key?: unknown }) =>
    typeof conflict?.key === 'string' && keyFault(conflict.key) === undefined ? [conflict.key] : [],
  );
}
