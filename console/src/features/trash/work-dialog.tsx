import { Button, Modal, Progress } from '@mantine/core';
import classes from './trash-screen.module.css';
import type { Progress as WorkProgress } from './use-trash-work.js';

/** How far the work is, and the way to stop it. It shows for many keys only. */
export function WorkDialog({
  progress,
  onStop,
}: {
  readonly progress: WorkProgress;
  readonly onStop: () => void;
}) {
  const { kind, behind, total, stopping } = progress;
  const title = kind === 'restore' ? 'Restoring keys' : 'Purging keys';
  return (
    <Modal
      opened
      onClose={onStop}
      title={title}
      size={400}
      withCloseButton={false}
      closeOnClickOutside={false}
    >
      <Progress value={(behind / total) * 100} aria-label={title} />
      <div className={classes.progress}>
        <p role="status">
          {behind} of {total}
        </p>
        <Button variant="default" onClick={onStop} disabled={stopping} data-autofocus>
          {stopping ? 'Stopping…' : 'Cancel'}
        </Button>
      </div>
    </Modal>
  );
}
