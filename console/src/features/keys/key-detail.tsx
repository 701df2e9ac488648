import { Button, Kbd } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useNow } from '../../ui/use-now.js';
import { useKeyShortcut } from '../../ui/use-shortcut.js';
import { DeleteButton } from './delete-button.js';
import { DetailHeader } from './detail-header.js';
import { DownloadButton } from './download-button.js';
import { Facts } from './facts.js';
import { MissingKey } from './missing-key.js';
import classes from './pane.module.css';
import type { Snapshot } from './snapshot.js';
import { decodeText } from './value-text.js';
import { ValueView } from './value-view.js';

export interface KeyDetailProps {
  readonly snapshot: Snapshot;
  /** The editor has just closed, and with it went the focus. */
  readonly focusEdit: boolean;
  readonly onEdit: (base: Snapshot) => void;
}

/** A key as it is, read-only until editing is asked for. */
export function KeyDetail({ snapshot, focusEdit, onEdit }: KeyDetailProps) {
  const { key, body, expiresAt } = snapshot;
  const now = useNow(expiresAt === undefined ? 30_000 : 1_000);
  const text = body === undefined ? undefined : decodeText(body);
  useKeyShortcut('e', () => onEdit(snapshot), text !== undefined);
  if (expiresAt !== undefined && Date.parse(expiresAt) <= now) return <MissingKey name={key} expired />;
  return (
    <div className={classes.pane} data-fill>
      <DetailHeader
        name={key}
        actions={
          <>
            <DownloadButton name={key} />
            <DeleteButton snapshot={snapshot} />
            {text === undefined ? null : (
              <Button
                autoFocus={focusEdit}
                leftSection={<IconPencil size={16} aria-hidden />}
                onClick={() => onEdit(snapshot)}
              >
                Edit
              </Button>
            )}
          </>
        }
      />
      <Facts snapshot={snapshot} now={now} />
      <div className={classes.value}>
        <ValueView snapshot={snapshot} text={text} />
      </div>
      <p className={classes.hints}>
        {text === undefined ? null : (
          <span>
            <Kbd>E</Kbd> edit
          </span>
        )}
        <span>
          <Kbd>/</Kbd> search
        </span>
        <span>
          <Kbd>?</Kbd> shortcuts
        </span>
      </p>
    </div>
  );
}
