import type { SessionState } from '../session/session.js';
import { ErrorNotice } from './error-notice.js';
import classes from './message-page.module.css';

export interface StartPageProps {
  readonly state: SessionState;
  readonly onRetry: () => void;
}

/** What shows while the session is being found, and when it cannot be. Quick answers flash nothing. */
export function StartPage({ state, onRetry }: StartPageProps) {
  return (
    <main className={classes.page} aria-busy={state.status === 'starting'}>
      {state.status === 'unreachable' ? (
        <ErrorNotice title="Halo could not be started" error={state.error} onRetry={onRetry} />
      ) : null}
    </main>
  );
}
