import { Button, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './confirm-dialog.module.css';

export interface ConfirmDialogProps {
  readonly opened: boolean;
  readonly title: string;
  readonly children: ReactNode;
  readonly confirm: string;
  readonly cancel: string;
  readonly pending?: boolean;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
}

/** A question before something is lost. The focus starts on the answer that loses nothing. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  return (
    <Modal opened={props.opened} onClose={props.onCancel} title={props.title} size={400}>
      <div className={classes.body}>{props.children}</div>
      <div className={classes.actions}>
        <Button variant="default" onClick={props.onCancel} data-autofocus>
          {props.cancel}
        </Button>
        <Button color="red" onClick={props.onConfirm} loading={props.pending ?? false}>
          {props.confirm}
        </Button>
      </div>
    </Modal>
  );
}
