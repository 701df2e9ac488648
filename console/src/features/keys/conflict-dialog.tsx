import { Button, Modal } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useMemo } from 'react';
import { formatBytes } from '../../ui/bytes.js';
import classes from './conflict-dialog.module.css';
import { hexOf } from './detail/hex-text.js';
import { SideBySide } from './side-by-side.js';
import type { Snapshot } from './snapshot.js';
import { decodeText } from './value-text.js';

/** Above this many bytes, hex side by side would be more than anyone can compare by eye. */
const comparedHexBytesMax = 65_536;

export interface ConflictDialogProps {
  readonly mine: Uint8Array;
  /** Undefined when the key was deleted or has expired. */
  readonly theirs: Snapshot | undefined;
  readonly pending: boolean;
  readonly online: boolean;
  readonly onOverwrite: () => void;
  readonly onUseTheirs: () => void;
  readonly onKeepEditing: () => void;
}

/** Two people changed one key: both versions, and what to do. Closing it keeps the draft. */
export function ConflictDialog(props: ConflictDialogProps) {
  const { mine, theirs, pending, online } = props;
  const narrow = useMediaQuery('(max-width: 767px)', undefined, { getInitialValueInEffect: false });
  const gone = theirs === undefined;
  return (
    <Modal
      opened
      onClose={props.onKeepEditing}
      title={gone ? 'This key was deleted while you were editing' : 'This key changed while you were editing'}
      size={gone ? 480 : 920}
      fullScreen={narrow && !gone}
    >
      {gone ? (
        <p>Create it again with what you wrote, or discard it.</p>
      ) : (
        <Versions mine={mine} theirs={theirs} />
      )}
      <div className={classes.actions}>
        <Button variant="default" onClick={props.onKeepEditing} data-autofocus>
          Keep editing
        </Button>
        <Button variant="default" disabled={pending} onClick={props.onUseTheirs}>
          {gone ? 'Discard mine' : 'Use theirs'}
        </Button>
        <Button
          {...(gone ? {} : { color: 'red' })}
          disabled={!online || pending}
          loading={pending}
          onClick={props.onOverwrite}
        >
          {gone ? 'Create again' : 'Overwrite with mine'}
        </Button>
      </div>
    </Modal>
  );
}

interface VersionsProps {
  readonly mine: Uint8Array;
  readonly theirs: Snapshot;
}

/** Theirs and mine as text where both are, else in hex, else by their sizes alone. */
function Versions({ mine, theirs }: VersionsProps) {
  const pair = useMemo(() => comparable(theirs.body, mine), [theirs, mine]);
  if (pair === undefined) {
    return (
      <p>
        Theirs, revision {theirs.revision}, has{' '}
        {theirs.size === undefined ? 'more' : formatBytes(theirs.size)}, mine {formatBytes(mine.length)}: too
        much to show side by side. Keep editing, and download theirs from another tab to compare.
      </p>
    );
  }
  return (
    <SideBySide
      left={pair.left}
      right={pair.right}
      leftTitle={`Theirs, revision ${theirs.revision}`}
      rightTitle="Mine, not saved"
    />
  );
}

function comparable(theirs: Uint8Array | undefined, mine: Uint8Array) {
  if (theirs === undefined) return undefined;
  const left = decodeText(theirs);
  const right = decodeText(mine);
  if (left !== undefined && right !== undefined) return { left, right };
  return Math.max(theirs.length, mine.length) <= comparedHexBytesMax
    ? { left: hexOf(theirs), right: hexOf(mine) }
    : undefined;
}
