import { Button } from '@mantine/core';
import { useState } from 'react';
import { hasCode } from '../../../explain.js';
import { Notice } from '../../../ui/notice.js';
import { formatDuration, formatInstant } from '../../../ui/relative-time.js';
import { toastUndo } from '../../../ui/undo-toast.js';
import { useOnline } from '../../../ui/use-online.js';
import { visibleKey } from '../../../ui/visible-key.js';
import { useKeyCache } from '../queries.js';
import type { Snapshot } from '../snapshot.js';
import { commit } from './detail-requests.js';
import { ExpiryForm, type NewExpiry } from './expiry-form.js';
import classes from './metadata-tab.module.css';
import { SaveProblem } from './save-problem.js';
import { useReshow } from './use-reshow.js';

export interface ExpirySectionProps {
  readonly snapshot: Snapshot;
  readonly now: number;
}

/** When the key expires, in words and as an instant, and how to change it. The value is not written again. */
export function ExpirySection({ snapshot, now }: ExpirySectionProps) {
  const { key, revision, expiresAt } = snapshot;
  const [editing, setEditing] = useState(false);
  const [pending, setPending] = useState(false);
  const [failed, setFailed] = useState<{ readonly error: unknown; readonly wanted: NewExpiry }>();
  const cache = useKeyCache();
  const reshow = useReshow();
  const online = useOnline();

  async function touch(wanted: NewExpiry) {
    setPending(true);
    setFailed(undefined);
    try {
      const answer = await commit({
        checks: [{ key, revision }],
        mutations: [{ touch: { key, ...wanted } }],
      });
      setEditing(false);
      await reshow(key);
      toastUndo({
        title: 'expires_at' in wanted && wanted.expires_at === null ? 'Expiry removed' : 'Expiry set',
        message: visibleKey(key),
        revision: answer.revision,
        onUndone: () => void reshow(key),
      });
    } catch (error) {
      setFailed({ error, wanted });
    } finally {
      setPending(false);
    }
  }

  const changed = hasCode(failed?.error, 'check-failed', 'not-found');
  return (
    <section aria-labelledby="expiry-title">
      <div className={classes.head}>
        <h3 id="expiry-title" className={classes.title}>
          Expiry
        </h3>
      </div>
      {failed === undefined ? null : changed ? (
        <Notice
          tone="warn"
          title="Not changed: the key has changed since you opened it"
          announce
          actions={
            <Button
              variant="default"
              onClick={() => {
                setFailed(undefined);
                void cache.reread(key);
              }}
            >
              Reload
            </Button>
          }
        />
      ) : (
        <SaveProblem error={failed.error} onRetry={() => touch(failed.wanted)} />
      )}
      {expiresAt === undefined ? (
        <p className={classes.lead}>It never expires.</p>
      ) : (
        <p>
          In {formatDuration(Date.parse(expiresAt) - now)}, on{' '}
          <time dateTime={expiresAt} title={expiresAt}>
            {formatInstant(expiresAt)}
          </time>
          .
        </p>
      )}
      {editing ? (
        <ExpiryForm pending={pending} online={online} onSubmit={touch} onCancel={() => setEditing(false)} />
      ) : (
        <div className={classes.buttons}>
          <Button variant="default" disabled={!online} onClick={() => setEditing(true)}>
            {expiresAt === undefined ? 'Set expiry' : 'Change expiry'}
          </Button>
          {expiresAt === undefined ? null : (
            <Button
              variant="default"
              disabled={!online}
              loading={pending}
              onClick={() => touch({ expires_at: null })}
            >
              Remove expiry
            </Button>
          )}
        </div>
      )}
    </section>
  );
}
