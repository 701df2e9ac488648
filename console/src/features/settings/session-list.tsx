import { Button } from '@mantine/core';
import { IconDeviceDesktop, IconDeviceMobile, IconTerminal2 } from '@tabler/icons-react';
import type { Session } from 'halo-contract';
import { useState } from 'react';
import { deviceName } from '../../ui/device-name.js';
import { useNow } from '../../ui/use-now.js';
import { RecordList, RecordRow } from './record-list.js';
import classes from './session-list.module.css';
import { When } from './when.js';

const nowMs = 10_000;
/** An account may have hundreds of sessions; these are the ones that anyone looks at. */
const shownFirst = 50;

export interface SessionListProps {
  /** The most recently used first. */
  readonly sessions: readonly Session[];
  readonly onEnd: (session: Session) => void;
}

/** Each log-in with its device, from where it came, and until when it lasts. */
export function SessionList({ sessions, onEnd }: SessionListProps) {
  const now = useNow(nowMs);
  const [all, setAll] = useState(false);
  const shown = all ? sessions : sessions.slice(0, shownFirst);
  const hidden = sessions.length - shown.length;
  return (
    <>
      <RecordList
        label="Sessions"
        headings={['Device', 'Address', 'Logged in', 'Last used', 'Expires']}
        columns={classes.columns}
      >
        {shown.map((session) => (
          <RecordRow
            key={session.id}
            title={<Device session={session} />}
            facts={{
              Address: session.address === null ? 'Unknown' : <code>{session.address}</code>,
              'Logged in': <When at={session.created_at} now={now} />,
              'Last used': <When at={session.last_used_at} now={now} />,
              Expires: <When at={session.expires_at} now={now} />,
            }}
            action={
              <Button
                variant="default"
                aria-label={
                  session.current ? 'Log out of this device' : `End the session of ${nameOf(session)}`
                }
                onClick={() => onEnd(session)}
              >
                {session.current ? 'Log out' : 'End'}
              </Button>
            }
          />
        ))}
      </RecordList>
      {hidden === 0 ? null : (
        <Button className={classes.more ?? ''} variant="default" onClick={() => setAll(true)}>
          Show {hidden} more
        </Button>
      )}
    </>
  );
}

function Device({ session }: { readonly session: Session }) {
  const name = nameOf(session);
  const Icon = / on (?:iPhone|iPad|Android)$/.test(name)
    ? IconDeviceMobile
    : / on /.test(name)
      ? IconDeviceDesktop
      : IconTerminal2;
  return (
    <span className={classes.device} title={session.device ?? undefined}>
      <Icon size={20} className={classes.icon} aria-hidden />
      <span className={classes.name}>
        {name}
        {session.current ? <span className={classes.current}>This device</span> : null}
      </span>
    </span>
  );
}

function nameOf({ device }: Session): string {
  return deviceName(device);
}
