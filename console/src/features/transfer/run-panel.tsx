import { Button } from '@mantine/core';
import { explain } from '../../explain.js';
import { formatBytes } from '../../ui/bytes.js';
import { ErrorNotice } from '../../ui/error-notice.js';
import { Notice } from '../../ui/notice.js';
import { useNow } from '../../ui/use-now.js';
import { useOnline } from '../../ui/use-online.js';
import { formatCount } from './format-count.js';
import { ProgressBlock } from './progress-block.js';
import classes from './transfer-screen.module.css';
import type { ImportState } from './use-import.js';

/** An import under way. */
export function RunPanel({ state }: { readonly state: Extract<ImportState, { readonly step: 'run' }> }) {
  const { file, run, isDry, rate, leftMs } = state;
  const { counts, stage } = run;
  const online = useOnline();
  const isResting = stage.status === 'paused' || stage.status === 'waiting';
  const isStopping = stage.status === 'stopping';
  return (
    <>
      <ProgressBlock
        label={isDry ? 'Trial' : 'Import'}
        share={file.size === 0 ? 1 : counts.bytes / file.size}
        leftMs={isStopping ? undefined : leftMs}
        isResting={isResting}
        facts={[
          `${formatCount(counts.imported)} ${isDry ? 'would be set' : 'set'}`,
          `${formatCount(counts.skipped)} left out`,
          `${formatCount(counts.failed)} rejected`,
          `${formatBytes(counts.bytes)} of ${formatBytes(file.size)}`,
          ...(rate === undefined || isResting ? [] : [`${formatBytes(rate)}/s`]),
        ]}
        actions={
          isStopping ? (
            <Button variant="default" onClick={() => run.cancel(true)}>
              Stop at once
            </Button>
          ) : (
            <Button variant="default" onClick={() => run.cancel()}>
              Cancel
            </Button>
          )
        }
      />
      {isDry ? <p className={classes.note}>Nothing is being changed.</p> : null}
      <div role="status">{isStopping ? <Stopping isDry={isDry} /> : null}</div>
      {stage.status === 'paused' ? (
        <ErrorNotice
          title={`The ${isDry ? 'trial' : 'import'} is paused after line ${formatCount(counts.lines)}`}
          error={stage.error}
          onRetry={run.resume}
        />
      ) : null}
      {stage.status === 'paused' && !online ? (
        <p className={classes.note}>It goes on by itself when you are online again.</p>
      ) : null}
      {stage.status === 'waiting' ? <Waiting untilMs={stage.untilMs} error={stage.error} /> : null}
    </>
  );
}

function Stopping({ isDry }: { readonly isDry: boolean }) {
  return (
    <p className={classes.note}>
      Stopping after the part that is under way{isDry ? '.' : ', so that it is certain what was imported.'}
    </p>
  );
}

function Waiting({ untilMs, error }: { readonly untilMs: number; readonly error: unknown }) {
  const left = Math.max(Math.ceil((untilMs - useNow(500)) / 1_000), 0);
  return (
    <Notice tone="plain" title={`Going on by itself in ${left} s`}>
      <p>{explain(error).detail}</p>
    </Notice>
  );
}
