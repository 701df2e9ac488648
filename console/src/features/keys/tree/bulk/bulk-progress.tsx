import { Button } from '@mantine/core';
import { useState } from 'react';
import classes from './bulk-dialog.module.css';
import type { BulkTask } from './bulk-task.js';
import { bulkWords, keysText } from './bulk-words.js';
import type { Progress } from './bulk-work.js';

export interface BulkProgressProps {
  readonly kind: BulkTask['kind'];
  readonly progress: Progress;
  readonly total: number;
  readonly onStop: () => void;
}

/** How far a task is. Cancel stops it between two commits. */
export function BulkProgress({ kind, progress, total, onStop }: BulkProgressProps) {
  const [stopping, setStopping] = useState(false);
  const done = progress.changed + progress.spared;
  const { doing } = bulkWords[kind];
  return (
    <div className={classes.body}>
      <progress
        className={classes.progress}
        aria-label={doing}
        max={Math.max(1, total)}
        value={Math.min(done, total)}
      />
      <p role="status">
        {stopping
          ? 'Stopping after the commit that is under way…'
          : `${doing}: ${done.toLocaleString()} of ${keysText(total)}`}
      </p>
      <div className={classes.actions}>
        <Button
          variant="default"
          disabled={stopping}
          data-autofocus
          onClick={() => {
            setStopping(true);
            onStop();
          }}
        >
          Cancel
        </Button>
      </div>
    </div>
  );
}
