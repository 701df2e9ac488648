import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { failureTitle } from '../../explain.js';
import { session } from '../../session/browser-session.js';
import { toastFailure, toastSuccess } from '../../ui/toast.js';
import { formatCount } from './format-count.js';
import type { ImportCounts } from './import-run.js';
import { undoCommit } from './requests.js';
import classes from './transfer-screen.module.css';

export interface UndoImportProps {
  /** The account's revision before the import. */
  readonly before: number;
  readonly counts: ImportCounts;
}

/** How to take an import back: at once when it was a single commit, else commit by commit. */
export function UndoImport({ before, counts }: UndoImportProps) {
  const [status, setStatus] = useState<'done' | 'undoing' | 'undone'>('done');
  const client = useQueryClient();
  if (counts.imported === 0) return null;
  const { revision } = counts;

  async function undo() {
    setStatus('undoing');
    try {
      await undoCommit(revision);
      setStatus('undone');
      toastSuccess('Import undone', 'Every key is as it was before.');
      const epoch = session.state.status === 'active' ? session.state.epoch : 0;
      void client.invalidateQueries({ queryKey: [epoch] });
    } catch (error) {
      setStatus('done');
      toastFailure(failureTitle('The import could not be undone', error), error);
    }
  }

  if (status === 'undone') return <p className={classes.note}>The import has been undone.</p>;
  if (revision === before + 1) {
    return (
      <div className={classes.actions}>
        <Button variant="default" onClick={undo} loading={status === 'undoing'}>
          Undo the import
        </Button>
        <span className={classes.note}>It is revision {formatCount(revision)}.</span>
      </div>
    );
  }
  return (
    <p className={classes.note}>
      Its commits lie between revisions {formatCount(before + 1)} and {formatCount(revision)}. To take it
      back, undo them in <Link to={'/activity' as string}>Activity</Link>, the last one first.
    </p>
  );
}
