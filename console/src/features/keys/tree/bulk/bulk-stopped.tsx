import { Button } from '@mantine/core';
import { ErrorNotice } from '../../../../ui/error-notice.js';
import { Notice } from '../../../../ui/notice.js';
import classes from './bulk-dialog.module.css';
import type { BulkTask } from './bulk-task.js';
import { partText, sparedText } from './bulk-words.js';
import type { useBulkRun } from './use-bulk-run.js';

export interface BulkStoppedProps {
  readonly task: BulkTask;
  readonly run: ReturnType<typeof useBulkRun>;
  readonly onClose: () => void;
}

/** What came of a task that did not get to its end. */
export function BulkStopped({ task, run, onClose }: BulkStoppedProps) {
  const { progress, total, error } = run;
  return (
    <div className={classes.body}>
      <Notice tone="warn" title={error === undefined ? 'Cancelled' : 'Stopped'} announce>
        <p>{partText(task.kind, progress, total)}</p>
        {progress.spared === 0 ? null : <p>{sparedText(progress)}</p>}
      </Notice>
      {error === undefined ? null : <ErrorNotice title="What went wrong" error={error} />}
      <div className={classes.actions}>
        {progress.revisions.length === 0 ? null : (
          <Button
            variant="default"
            onClick={() => {
              void run.undo();
              onClose();
            }}
          >
            Undo
          </Button>
        )}
        <Button variant="default" onClick={run.goOn}>
          Go on
        </Button>
        <Button onClick={onClose}>Close</Button>
      </div>
    </div>
  );
}
