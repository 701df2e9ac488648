import { Button } from '@mantine/core';
import type { Session } from 'halo-contract';
import { useRef, useState } from 'react';
import { ErrorNotice } from '../../ui/error-notice.js';
import { Screen } from '../../ui/screen.js';
import { EndOthersDialog, EndSessionDialog } from './end-session-dialogs.js';
import { useSessions } from './queries.js';
import { RecordSkeleton } from './record-skeleton.js';
import { SessionList } from './session-list.js';
import classes from './sessions-screen.module.css';

/** Where the account is logged in, and how to end that. */
export function SessionsScreen() {
  const { data: sessions, error, isError, refetch } = useSessions();
  const [asked, setAsked] = useState<{ readonly session: Session; readonly opened: boolean }>();
  const [endingOthers, setEndingOthers] = useState(false);
  const region = useRef<HTMLElement>(null);
  const others = sessions?.filter(({ current }) => !current).length ?? 0;
  const toRegion = () => region.current?.focus();
  return (
    <Screen
      title="Sessions"
      lead="The devices on which you are logged in. End what you do not know, and change your password then."
      actions={
        others === 0 ? undefined : (
          <Button variant="default" onClick={() => setEndingOthers(true)}>
            End all others
          </Button>
        )
      }
    >
      {isError ? (
        <ErrorNotice title="The sessions could not be loaded" error={error} onRetry={() => void refetch()} />
      ) : null}
      {/* When the row of a session goes, so does its button: the focus goes on here. */}
      <section ref={region} className={classes.region} tabIndex={-1} aria-label="Your sessions">
        {sessions !== undefined ? (
          <>
            <SessionList sessions={sessions} onEnd={(session) => setAsked({ session, opened: true })} />
            {others === 0 ? <p className={classes.note}>You are logged in nowhere else.</p> : null}
          </>
        ) : isError ? null : (
          <RecordSkeleton what="sessions" />
        )}
      </section>
      {asked === undefined ? null : (
        <EndSessionDialog
          session={asked.session}
          opened={asked.opened}
          onClose={() => setAsked({ ...asked, opened: false })}
          onGone={toRegion}
        />
      )}
      <EndOthersDialog
        count={others}
        opened={endingOthers}
        onClose={() => setEndingOthers(false)}
        onGone={toRegion}
      />
    </Screen>
  );
}
