import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { isUnanswered } from '../../explain.js';
import { session } from '../../session/browser-session.js';
import { useDraftHold } from '../../session/use-session.js';
import { useOnline } from '../../ui/use-online.js';
import { type ConflictRule, type ImportRun, startImport } from './import-run.js';
import { createPace } from './pace.js';
import { type Preview, previewFile } from './preview.js';
import { readEntries, readRevision, sendPart } from './requests.js';

export type ImportState =
  | { readonly step: 'choose' }
  | { readonly step: 'reading'; readonly file: File; readonly preview: Preview | undefined }
  | { readonly step: 'unread'; readonly file: File; readonly error: unknown }
  | { readonly step: 'ready'; readonly file: File; readonly preview: Preview }
  | {
      readonly step: 'run';
      readonly file: File;
      readonly preview: Preview;
      readonly rule: ConflictRule;
      readonly isDry: boolean;
      /** The account's revision before. */
      readonly before: number;
      readonly run: ImportRun;
      readonly rate: number | undefined;
      readonly leftMs: number | undefined;
    };

/** Takes a file from the choice through its preview to the end of its import. */
export function useImport() {
  const [state, setState] = useState<ImportState>({ step: 'choose' });
  const [failure, setFailure] = useState<unknown>();
  const reading = useRef<AbortController>(undefined);
  const running = useRef<ImportRun>(undefined);
  const client = useQueryClient();
  const online = useOnline();
  const stage = state.step === 'run' ? state.run.stage : undefined;
  const isBusy = stage !== undefined && stage.status !== 'stopped' && stage.status !== 'done';
  // Whoever must log in again in the middle finds everything as it was.
  useDraftHold(state.step !== 'choose' && (isBusy || state.step !== 'run'));

  useEffect(
    () => () => {
      reading.current?.abort();
      running.current?.cancel(true);
    },
    [],
  );

  const isCutOff = stage?.status === 'paused' && isUnanswered(stage.error);
  const wasOffline = useRef(false);
  useEffect(() => {
    if (!isCutOff) wasOffline.current = false;
    else if (!online) wasOffline.current = true;
    else if (wasOffline.current) running.current?.resume();
  }, [isCutOff, online]);

  async function read(file: File) {
    reading.current?.abort();
    const controller = new AbortController();
    const { signal } = controller;
    reading.current = controller;
    setFailure(undefined);
    setState({ step: 'reading', file, preview: undefined });
    try {
      const preview = await previewFile({
        file,
        signal,
        read: (keys) => readEntries(keys, signal),
        onProgress: (soFar) => {
          if (!signal.aborted) setState({ step: 'reading', file, preview: soFar });
        },
      });
      if (!signal.aborted) setState({ step: 'ready', file, preview });
    } catch (error) {
      if (!signal.aborted) setState({ step: 'unread', file, error });
    }
  }

  async function start(file: File, preview: Preview, rule: ConflictRule, isDry: boolean) {
    setFailure(undefined);
    let before: number;
    try {
      before = await readRevision();
    } catch (error) {
      setFailure(error);
      return;
    }
    const pace = createPace();
    let wasGoing = true;
    const show = () => {
      if (running.current !== run) return;
      const { status } = run.stage;
      const isGoing = status === 'running' || status === 'stopping';
      if (isGoing && !wasGoing) pace.reset();
      if (isGoing) pace.note(run.counts.bytes, performance.now());
      wasGoing = isGoing;
      const [rate, leftMs] = [pace.rate(), pace.leftMs(file.size)];
      setState({ step: 'run', file, preview, rule, isDry, before, run, rate, leftMs });
      if (!isDry && (status === 'stopped' || status === 'done')) forget();
    };
    const run: ImportRun = startImport({
      file,
      rule,
      dryRun: isDry,
      revision: before,
      send: sendPart,
      readRevision,
      onChange: () => show(),
    });
    running.current = run;
    show();
  }

  /** What other screens have fetched is not what is there any more. */
  function forget() {
    const epoch = session.state.status === 'active' ? session.state.epoch : 0;
    void client.invalidateQueries({ queryKey: [epoch] });
  }

  return {
    state,
    isBusy,
    /** Why an import could not begin. */
    failure,
    read,
    start,
    /** Back to the preview, which is made anew: what is there may have changed. */
    again: () => (state.step === 'choose' ? undefined : read(state.file)),
    leave() {
      reading.current?.abort();
      running.current?.cancel(true);
    },
    reset() {
      reading.current?.abort();
      running.current = undefined;
      setFailure(undefined);
      setState({ step: 'choose' });
    },
  };
}
