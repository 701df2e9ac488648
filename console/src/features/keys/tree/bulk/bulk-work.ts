import type { CommitAnswer, CommitRequest, MutationRequest } from 'halo-contract';
import { hasCode, isTransient } from '../../../../explain.js';

/** A key to be changed, at the revision that was seen. */
export interface SeenKey {
  readonly key: string;
  readonly revision: number;
}

/** What has been done so far, and will not be undone by stopping. */
export interface Progress {
  readonly changed: number;
  /** The commits, in order. */
  readonly revisions: readonly number[];
  /** Keys that were left alone, because they have been changed or deleted meanwhile. */
  readonly spared: number;
}

export interface BulkWork {
  /** How far it is; it goes on from there when `next` is called again, also after a failure. */
  readonly progress: Progress;
  /** Makes the next commit. Returns whether there may be more to do; throws what the commit was refused with. */
  next(): Promise<boolean>;
}

export interface BulkSource {
  /** Returns the next keys, or undefined after the last; after a failure it can be asked again. */
  next(): Promise<readonly SeenKey[] | undefined>;
}

export interface BulkWrite {
  readonly mutate: (key: string) => MutationRequest;
  /** Whether keys that have another revision by now are spared. */
  readonly checked: boolean;
}

export interface BulkDeps {
  readonly commit: (body: CommitRequest) => Promise<CommitAnswer>;
  readonly newIdempotencyKey: () => string;
}

/** A commit whose answer was lost is sent again this often; under its own name it is made only once. */
const attemptsMax = 3;

export const nothingDone: Progress = { changed: 0, revisions: [], spared: 0 };

/** Changes many keys in commits of a few hundred, of which each is whole and durable when the next one begins. */
export function workThrough(source: BulkSource, write: BulkWrite, deps: BulkDeps): BulkWork {
  let progress = nothingDone;
  let batch: readonly SeenKey[] | undefined;
  let idempotencyKey = '';

  async function commitBatch(keys: readonly SeenKey[]): Promise<void> {
    const answer = await sendAgain(deps, {
      mutations: keys.map(({ key }) => write.mutate(key)),
      ...(write.checked ? { checks: keys.map(({ key, revision }) => ({ key, revision })) } : {}),
      idempotency_key: idempotencyKey,
    });
    progress = {
      ...progress,
      changed: progress.changed + keys.length,
      revisions: [...progress.revisions, answer.revision],
    };
    batch = undefined;
  }

  return {
    get progress() {
      return progress;
    },
    async next(): Promise<boolean> {
      if (batch === undefined) {
        batch = await source.next();
        idempotencyKey = deps.newIdempotencyKey();
      }
      if (batch === undefined) return false;
      while (batch !== undefined && batch.length > 0) {
        try {
          await commitBatch(batch);
        } catch (error) {
          const refused = refusedIndex(error, batch.length);
          if (refused === undefined) throw error;
          batch = batch.filter((_, index) => index !== refused);
          progress = { ...progress, spared: progress.spared + 1 };
          idempotencyKey = deps.newIdempotencyKey();
        }
      }
      batch = undefined;
      return true;
    },
  };
}

/** A single commit that changes as many keys as it says. */
export function workAtOnce(mutation: MutationRequest, deps: BulkDeps): BulkWork {
  const idempotencyKey = deps.newIdempotencyKey();
  let progress = nothingDone;
  return {
    get progress() {
      return progress;
    },
    async next(): Promise<boolean> {
      const answer = await sendAgain(deps, { mutations: [mutation], idempotency_key: idempotencyKey });
      const changed = answer.results[0]?.count ?? 0;
      progress = { changed, revisions: changed === 0 ? [] : [answer.revision], spared: 0 };
      return false;
    },
  };
}

async function sendAgain(deps: BulkDeps, body: CommitRequest): Promise<CommitAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await deps.commit(body);
    } catch (error) {
      if (attempt === attemptsMax || !(hasCode(error, 'outcome-unknown') || isTransient(error))) throw error;
    }
  }
}

/** Returns which key of a commit stood in its way: it was changed, or is gone. */
function refusedIndex(error: unknown, length: number): number | undefined {
  if (hasCode(error, 'check-failed')) return indexOf(error.problem?.check);
  if (!hasCode(error, 'not-found')) return undefined;
  // A commit of a single mutation does not say which one it was.
  return length === 1 ? 0 : indexOf(error.problem?.mutation);
}

function indexOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
