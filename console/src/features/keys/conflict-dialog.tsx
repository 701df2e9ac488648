import { Button, Modal } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import classes from './conflict-dialog.module.css';
import { SideBySide } from './side-by-side.js';
import type { Snapshot } from './snapshot.js';
import { decodeText } from './value-text.js';

export interface ConflictDialogProps {
  readonly mine: string;
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
        <SideBySide
          left={theirs.body === undefined ? undefined : decodeText(theirs.body)}
          right={mine}
          leftTitle={`Theirs, revision ${theirs.revision}`}
          rightTitle="Mine, not saved"
        />
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
