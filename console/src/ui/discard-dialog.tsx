import { ConfirmDialog } from './confirm-dialog.js';

export interface DiscardDialogProps {
  readonly opened: boolean;
  readonly onDiscard: () => void;
  readonly onKeep: () => void;
}

/** Asks before a draft is given up. */
export function DiscardDialog({ opened, onDiscard, onKeep }: DiscardDialogProps) {
  return (
    <ConfirmDialog
      opened={opened}
      title="Discard your changes?"
      confirm="Discard"
      cancel="Keep editing"
      onConfirm={onDiscard}
      onCancel={onKeep}
    >
      What you wrote has not been saved.
    </ConfirmDialog>
  );
}
