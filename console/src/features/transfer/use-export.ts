import { ndjsonType } from 'halo-contract';
import { useEffect, useRef, useState } from 'react';
import { type ExportCounts, type ExportOutcome, writeExport } from './export-run.js';
import { createPace, type Pace } from './pace.js';
import { countKeys, openExport } from './requests.js';
import { type FileSink, openFile } from './save-file.js';

export type ExportState =
  | { readonly status: 'idle' | 'cancelled' }
  | {
      readonly status: 'running';
      readonly counts: ExportCounts;
      /** Undefined while, or if, it is not known. */
      readonly total: number | undefined;
      readonly rate: number | undefined;
    }
  | { readonly status: 'failed'; readonly error: unknown }
  /** What came is kept until the person says whether to save it. */
  | { readonly status: 'incomplete'; readonly outcome: ExportOutcome; readonly sink: FileSink }
  | { readonly status: 'saved'; readonly outcome: ExportOutcome };

/** How often progress is shown. */
const progressMs = 200;

/** Runs one export at a time, for as long as the component is shown. */
export function useExport() {
  const [state, setState] = useState<ExportState>({ status: 'idle' });
  const aborting = useRef<AbortController>(undefined);
  useEffect(() => () => aborting.current?.abort(), []);

  async function start(prefix: string) {
    const controller = new AbortController();
    const { signal } = controller;
    aborting.current = controller;
    let sink: FileSink | undefined;
    try {
      sink = await openFile(exportName(prefix, new Date()), ndjsonType);
      if (sink === undefined) return;
      let total: number | undefined;
      // Only for the percentage: without it there is none.
      countKeys(prefix, signal).then(
        (count) => {
          total = count;
        },
        () => {},
      );
      const nothing = { keys: 0, bytes: 0, revision: undefined };
      setState({ status: 'running', counts: nothing, total, rate: undefined });
      const response = await openExport(prefix, signal);
      const onProgress = throttled((counts, pace) =>
        setState({ status: 'running', counts, total, rate: pace.rate() }),
      );
      const outcome = await writeExport(response, sink, onProgress, signal);
      if (outcome.verdict !== 'complete') {
        setState({ status: 'incomplete', outcome, sink });
        return;
      }
      await sink.save();
      setState({ status: 'saved', outcome });
    } catch (error) {
      await sink?.discard().catch(() => {});
      setState(signal.aborted ? { status: 'cancelled' } : { status: 'failed', error });
    }
  }

  return {
    state,
    start,
    cancel: () => aborting.current?.abort(),
    async saveAnyway() {
      if (state.status !== 'incomplete') return;
      try {
        await state.sink.save();
        setState({ status: 'saved', outcome: state.outcome });
      } catch (error) {
        setState({ status: 'failed', error });
      }
    },
    async discard() {
      if (state.status === 'incomplete') await state.sink.discard().catch(() => {});
      setState({ status: 'idle' });
    },
  };
}

/** Returns a name such as `halo-2026-01-31-app-config.ndjson`. */
function exportName(prefix: string, now: Date): string {
  const part = prefix
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return `halo-${now.toISOString().slice(0, 10)}${part === '' ? '' : `-${part}`}.ndjson`;
}

function throttled(show: (counts: ExportCounts, pace: Pace) => void) {
  const pace = createPace();
  let shownMs = 0;
  return (counts: ExportCounts) => {
    const nowMs = performance.now();
    if (nowMs - shownMs < progressMs) return;
    shownMs = nowMs;
    pace.note(counts.bytes, nowMs);
    show(counts, pace);
  };
}
