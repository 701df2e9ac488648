import { useEffect, useRef, useState } from 'react';
import { useKeyCache } from '../../queries.js';
import type { BulkTask } from './bulk-task.js';
import { bulkWords, keysText, partText, placeText, sparedText } from './bulk-words.js';
import { type BulkWork, nothingDone, type Progress } from './bulk-work.js';
import { toastBulk, undoBulk } from './undo-bulk.js';

export type BulkPhase = 'asking' | 'running' | 'stopped';

/** Runs a task commit by commit, until it is done, stopped, or refused. `onDone` is called when it is done. */
export function useBulkRun(task: BulkTask, onDone: () => void) {
  const [phase, setPhase] = useState<BulkPhase>('asking');
  const [progress, setProgress] = useState<Progress>(nothingDone);
  const [total, setTotal] = useState(0);
  const [error, setError] = useState<unknown>();
  const work = useRef<BulkWork>(undefined);
  const stopping = useRef(false);
  const left = useRef(false);
  const cache = useKeyCache();
  useEffect(() => {
    left.current = false;
    return () => {
      left.current = true;
    };
  }, []);

  async function run(current: BulkWork, count: number): Promise<void> {
    stopping.current = false;
    setPhase('running');
    setError(undefined);
    let failure: unknown;
    let isDone = false;
    try {
      while (!isDone && !stopping.current && !left.current) {
        isDone = !(await current.next());
        setProgress(current.progress);
      }
    } catch (cause) {
      failure = cause;
    }
    setProgress(current.progress);
    void cache.committed(current.progress.revisions);
    if (isDone) finish(current.progress);
    else if (left.current) announce(partText(task.kind, current.progress, count), current.progress);
    else {
      setError(failure);
      setPhase('stopped');
    }
  }

  function finish(done: Progress): void {
    announce(`${bulkWords[task.kind].done} ${keysText(done.changed)}`, done);
    if (!left.current) onDone();
  }

  function announce(title: string, done: Progress): void {
    const message = [placeText(task), sparedText(done)].filter(Boolean).join(' · ');
    toastBulk({ title, message, onUndo: () => void undoAll(done.revisions) });
  }

  async function undoAll(revisions: readonly number[]): Promise<void> {
    const made = await undoBulk(revisions);
    await cache.committed(made);
  }

  return {
    phase,
    progress,
    total,
    error,
    start(next: BulkWork, count: number): Promise<void> {
      work.current = next;
      setTotal(count);
      return run(next, count);
    },
    /** Stops after the commit that is under way. */
    stop(): void {
      stopping.current = true;
    },
    goOn(): void {
      if (work.current !== undefined) void run(work.current, total);
    },
    undo: () => undoAll(progress.revisions),
  };
}
