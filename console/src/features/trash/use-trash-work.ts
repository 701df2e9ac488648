import { HaloError } from 'halo-client';
import { useEffect, useRef, useState } from 'react';
import { failureTitle, hasCode } from '../../explain.js';
import { toastFailure, toastSuccess } from '../../ui/toast.js';
import { visibleKey } from '../../ui/visible-key.js';
import { useTrashCache } from './queries.js';
import { purgeKey, restoreKeys, type TrashEntry } from './requests.js';
import { type WorkResult, workOff } from './work-off.js';

export type WorkKind = 'restore' | 'purge';

export interface Progress {
  readonly kind: WorkKind;
  readonly behind: number;
  readonly total: number;
  readonly stopping: boolean;
}

export interface Outcome {
  readonly kind: WorkKind;
  readonly total: number;
  readonly result: WorkResult<TrashEntry>;
}

/** As many as one commit may check. */
const restoreBatch = 100;

/** Restores and purges, one key or many, and says how far it is and what came of it. */
export function useTrashWork() {
  const cache = useTrashCache();
  const [progress, setProgress] = useState<Progress>();
  const [outcome, setOutcome] = useState<Outcome>();
  const running = useRef<AbortController>(undefined);
  // Who leaves the screen has not seen to the end what they began: no further batch is begun.
  useEffect(() => () => running.current?.abort(), []);

  async function start(kind: WorkKind, entries: readonly TrashEntry[]): Promise<void> {
    const stop = new AbortController();
    running.current = stop;
    const total = entries.length;
    setOutcome(undefined);
    setProgress({ kind, behind: 0, total, stopping: false });
    const result = await workOff(entries, {
      batchSize: kind === 'restore' ? restoreBatch : 1,
      run: async (batch) => {
        if (kind === 'restore') await restoreKeys(batch);
        else for (const { key } of batch) await purgeKey(key);
        cache.removed(new Set(batch.map(({ key }) => key)));
      },
      isRefusal: (error) => error instanceof HaloError && [404, 409, 410].includes(error.status),
      onProgress: (behind) => setProgress((before) => before && { ...before, behind }),
      signal: stop.signal,
    });
    setProgress(undefined);
    tell({ kind, total, result });
  }

  function tell(done: Outcome): void {
    const { kind, total, result } = done;
    const [first] = result.failed;
    if (result.done > 0) toastSuccess(titleOf(kind, result.done));
    if (first === undefined && result.done === total) return;
    void cache.reload();
    // Of one key there is no more to tell than why not.
    if (total === 1 && first !== undefined)
      toastFailure(failureTitle(refusalOf(kind, first), first.error), first.error);
    else setOutcome(done);
  }

  return {
    progress,
    outcome,
    start,
    stop: () => {
      running.current?.abort();
      setProgress((before) => before && { ...before, stopping: true });
    },
    dismiss: () => setOutcome(undefined),
  };
}

function titleOf(kind: WorkKind, count: number): string {
  const keys = count === 1 ? '1 key' : `${count} keys`;
  return kind === 'restore' ? `Restored ${keys}` : `Purged ${keys}`;
}

function refusalOf(kind: WorkKind, { item, error }: WorkResult<TrashEntry>['failed'][number]): string {
  const key = visibleKey(item.key);
  if (kind === 'purge') return `${key} was not purged`;
  return hasCode(error, 'check-failed')
    ? `${key} was not restored: a key of this name exists again`
    : `${key} was not restored`;
}
