import { Modal } from '@mantine/core';
import { BulkProgress } from './bulk-progress.js';
import { BulkStopped } from './bulk-stopped.js';
import type { BulkTask } from './bulk-task.js';
import { bulkWords } from './bulk-words.js';
import { DeleteQuestion } from './delete-question.js';
import { TransferQuestion } from './transfer-question.js';
import { useBulkRun } from './use-bulk-run.js';

export interface BulkDialogProps {
  readonly task: BulkTask;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Does something to many keys: asks with a count, shows how far it is, can be stopped, and says what came of it. */
export default function BulkDialog({ task, onClose, onDone }: BulkDialogProps) {
  const run = useBulkRun(task, () => {
    onDone();
    onClose();
  });
  const isRunning = run.phase === 'running';
  return (
    <Modal
      opened
      onClose={isRunning ? () => {} : onClose}
      withCloseButton={!isRunning}
      title={bulkWords[task.kind].title}
      size={440}
    >
      {run.phase === 'running' ? (
        <BulkProgress kind={task.kind} progress={run.progress} total={run.total} onStop={run.stop} />
      ) : run.phase === 'stopped' ? (
        <BulkStopped task={task} run={run} onClose={onClose} />
      ) : task.kind === 'copy' || task.kind === 'move' ? (
        <TransferQuestion task={task} onStart={run.start} onCancel={onClose} />
      ) : (
        <DeleteQuestion task={task} onStart={run.start} onCancel={onClose} />
      )}
    </Modal>
  );
}
