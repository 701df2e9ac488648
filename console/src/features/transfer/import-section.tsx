import { Button } from '@mantine/core';
import { IconFile } from '@tabler/icons-react';
import { formatBytes } from '../../ui/bytes.js';
import { ErrorNotice } from '../../ui/error-notice.js';
import { Notice } from '../../ui/notice.js';
import { DropArea } from './drop-area.js';
import { formatCount } from './format-count.js';
import { ImportOutcome } from './import-outcome.js';
import classes from './import-section.module.css';
import { PreviewPanel } from './preview-panel.js';
import { ProgressBlock } from './progress-block.js';
import { RunPanel } from './run-panel.js';
import screen from './transfer-screen.module.css';
import { type ImportState, useImport } from './use-import.js';
import { useLeaveGuard } from './use-leave-guard.js';

/** Sets the keys of a file, after showing what that would do. */
export function ImportSection() {
  const transfer = useImport();
  const { state, isBusy } = transfer;
  const guard = useLeaveGuard('import', isBusy, transfer.leave);
  return (
    <section className={screen.section} aria-labelledby="import-title">
      <div>
        <h2 id="import-title">Import</h2>
        <p className={screen.lead}>
          First you see what the file would change; nothing is set before you say so.
        </p>
      </div>
      {state.step === 'choose' ? <DropArea onFile={transfer.read} /> : null}
      {state.step === 'choose' ? null : (
        <FileLine file={state.file} onOther={isBusy ? undefined : transfer.reset} />
      )}
      <Step state={state} transfer={transfer} />
      {transfer.failure === undefined ? null : (
        <ErrorNotice title="The import could not begin" error={transfer.failure} />
      )}
      {guard}
    </section>
  );
}

interface StepProps {
  readonly state: ImportState;
  readonly transfer: ReturnType<typeof useImport>;
}

function Step({ state, transfer }: StepProps) {
  switch (state.step) {
    case 'choose':
      return null;
    case 'reading': {
      const { file, preview } = state;
      return (
        <ProgressBlock
          label="Preview"
          share={preview === undefined ? undefined : preview.bytes / Math.max(file.size, 1)}
          facts={[`${formatCount(preview?.lines ?? 0)} lines compared`]}
          actions={
            <Button variant="default" onClick={transfer.reset}>
              Cancel
            </Button>
          }
        />
      );
    }
    case 'unread':
      return <Unread error={state.error} onRetry={() => transfer.read(state.file)} />;
    case 'ready':
      return (
        <PreviewPanel
          file={state.file}
          preview={state.preview}
          onStart={(rule, isDry) => transfer.start(state.file, state.preview, rule, isDry)}
        />
      );
    case 'run': {
      const { status } = state.run.stage;
      return status === 'stopped' || status === 'done' ? (
        <ImportOutcome
          state={state}
          onImport={() => transfer.start(state.file, state.preview, state.rule, false)}
          onAgain={transfer.again}
          onReset={transfer.reset}
        />
      ) : (
        <RunPanel state={state} />
      );
    }
  }
}

interface FileLineProps {
  readonly file: File;
  /** Undefined while the file cannot be changed for another. */
  readonly onOther: (() => void) | undefined;
}

function FileLine({ file, onOther }: FileLineProps) {
  return (
    <div className={classes.file}>
      <IconFile size={16} aria-hidden className={classes.icon} />
      <span className={classes.name}>{file.name}</span>
      <span className={classes.size}>{formatBytes(file.size)}</span>
      {onOther === undefined ? null : (
        <Button variant="subtle" onClick={onOther}>
          Choose another file
        </Button>
      )}
    </div>
  );
}

function Unread({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }) {
  if (!(error instanceof DOMException)) {
    return <ErrorNotice title="The preview could not be made" error={error} onRetry={onRetry} />;
  }
  return (
    <Notice tone="danger" announce title="The file could not be read">
      <p>It was moved, changed or locked after you chose it. Choose it again.</p>
    </Notice>
  );
}
