import type { ErrorComponentProps } from '@tanstack/react-router';
import { FailureNotice } from '../../ui/failure-notice.js';
import { ScreenLoadError } from '../../ui/load-screen.js';
import { BackLink } from './detail-header.js';
import classes from './pane.module.css';

/** What shows in place of what is open, when it could not be loaded or broke. The list still works. */
export function PaneError({ error }: ErrorComponentProps) {
  const missing = error instanceof ScreenLoadError;
  return (
    <div className={classes.pane}>
      <BackLink />
      <FailureNotice
        error={error}
        title={missing ? 'This part of the screen could not be loaded' : 'This part of the screen has failed'}
      />
    </div>
  );
}
