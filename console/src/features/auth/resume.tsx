import { useState } from 'react';
import { ErrorNotice } from '../../ui/error-notice.js';
import { loadScreen } from '../../ui/load-screen.js';
import { useDialog } from '../../ui/use-dialog.js';
import classes from './resume.module.css';
import type { ResumeDialogProps } from './resume-dialog.js';

const load = loadScreen(async () => (await import('./resume-dialog.js')).ResumeDialog);

/** The way back in for whoever has a draft. Without its code, which comes early, it can be asked for again. */
export function Resume({ opened, name }: ResumeDialogProps) {
  const [error, setError] = useState<unknown>();
  const code = useDialog(load, opened && error === undefined, setError);
  if (opened && error !== undefined) {
    return (
      <div className={classes.failure}>
        <ErrorNotice
          title="Your session has ended, and the log-in form could not be loaded"
          error={error}
          onRetry={() => setError(undefined)}
        />
      </div>
    );
  }
  return code.Dialog && <code.Dialog opened={code.opened} name={name} />;
}
