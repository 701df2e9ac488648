import { Button } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import type { Change, CommitEvent } from 'halo-contract';
import { useState } from 'react';
import { failureTitle } from '../../explain.js';
import { formatBytes } from '../../ui/bytes.js';
import { Notice } from '../../ui/notice.js';
import { formatAgo, formatInstant } from '../../ui/relative-time.js';
import { toastFailure, toastSuccess } from '../../ui/toast.js';
import classes from './commit-item.module.css';
import { KeyLink } from './key-link.js';
import { conflictsOf, undoCommit } from './undo-commit.js';

/** Keys of a commit that show at once, and at most; a commit may have ten thousand. */
const shownFirst = 5;
const shownMax = 200;

const kinds: Readonly<Record<Change['kind'], string>> = { set: 'Set', delete: 'Deleted', expire: 'Expired' };

/** One commit: when, what it changed, and the way to take it back. */
export function CommitItem({ commit, now }: { readonly commit: CommitEvent; readonly now: number }) {
  const { revision, changes } = commit;
  const [all, setAll] = useState(false);
  const [conflicts, setConflicts] = useState<readonly string[]>();
  const [pending, setPending] = useState(false);
  const shown = changes.slice(0, all ? shownMax : shownFirst);
  const written = changes[0]?.written_at;

  async function undo() {
    setPending(true);
    setConflicts(undefined);
    try {
      const answer = await undoCommit(revision);
      toastSuccess('Undone', `Revision ${revision} was taken back in revision ${answer.revision}.`);
    } catch (error) {
      const found = conflictsOf(error);
      const title = `Revision ${revision} was not undone`;
      if (found === undefined) toastFailure(failureTitle(title, error), error);
      else setConflicts(found);
    } finally {
      setPending(false);
    }
  }

  return (
    <li className={classes.commit}>
      <div className={classes.head}>
        <p className={classes.when}>
          {written === undefined ? null : (
            <time dateTime={written} title={formatInstant(written)}>
              {formatAgo(now - Date.parse(written))}
            </time>
          )}
          <span className={classes.revision}>revision {revision}</span>
          {changes.length > 1 ? <span className={classes.revision}>{changes.length} keys</span> : null}
        </p>
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          className={classes.undo ?? ''}
          aria-label={`Undo revision ${revision}`}
          leftSection={<IconArrowBackUp size={14} aria-hidden />}
          loading={pending}
          onClick={undo}
        >
          Undo
        </Button>
      </div>
      <ul className={classes.changes}>
        {shown.map(({ key, kind, size }) => (
          <li key={key} className={classes.change}>
            <span className={classes.kind} data-kind={kind}>
              {kinds[kind]}
            </span>
            <KeyLink name={key} />
            {size === null ? null : <span className={classes.size}>{formatBytes(size)}</span>}
          </li>
        ))}
      </ul>
      <More total={changes.length} all={all} onAll={() => setAll(true)} />
      {conflicts === undefined ? null : (
        <Notice
          tone="danger"
          announce
          title="Not undone: what it changed has changed since"
          actions={
            <Button variant="default" onClick={() => setConflicts(undefined)}>
              Dismiss
            </Button>
          }
        >
          <ul className={classes.conflicts}>
            {conflicts.slice(0, shownFirst).map((key) => (
              <li key={key}>
                <KeyLink name={key} />
              </li>
            ))}
          </ul>
          {conflicts.length > shownFirst ? <p>and {conflicts.length - shownFirst} more keys.</p> : null}
          <p>An earlier version can be restored from the key’s history.</p>
        </Notice>
      )}
    </li>
  );
}

interface MoreProps {
  readonly total: number;
  readonly all: boolean;
  readonly onAll: () => void;
}

function More({ total, all, onAll }: MoreProps) {
  if (total <= (all ? shownMax : shownFirst)) return null;
  if (all) return <p className={classes.rest}>and {total - shownMax} more keys</p>;
  return (
    <Button variant="subtle" size="compact-xs" className={classes.all ?? ''} onClick={onAll}>
      Show {total > shownMax ? `the first ${shownMax}` : `all ${total}`}
    </Button>
  );
}
