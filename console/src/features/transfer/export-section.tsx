import { Button, TextInput } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { formatBytes } from '../../ui/bytes.js';
import { ErrorNotice } from '../../ui/error-notice.js';
import { Notice } from '../../ui/notice.js';
import { useOnline } from '../../ui/use-online.js';
import { formatCount, formatMany } from './format-count.js';
import { ProgressBlock } from './progress-block.js';
import classes from './transfer-screen.module.css';
import { type ExportState, useExport } from './use-export.js';
import { useLeaveGuard } from './use-leave-guard.js';

/** Saves all keys, or those below a prefix, as a file. */
export function ExportSection() {
  const { state, start, cancel, saveAnyway, discard } = useExport();
  const [prefix, setPrefix] = useState('');
  const online = useOnline();
  const isRunning = state.status === 'running';
  const guard = useLeaveGuard('export', isRunning, cancel);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!isRunning && online) void start(prefix);
  }

  return (
    <section className={classes.section} aria-labelledby="export-title">
      <div>
        <h2 id="export-title">Export</h2>
        <p className={classes.lead}>
          Your keys with their values, types, metadata and expiry, as one moment has them: a file of JSON
          lines that ends with a checksum. History and trash are not part of it.
        </p>
      </div>
      {isRunning ? (
        <Running state={state} onCancel={cancel} />
      ) : (
        <form className={classes.form} onSubmit={submit}>
          <TextInput
            className={classes.field ?? ''}
            label="Only keys that begin with"
            placeholder="All keys"
            value={prefix}
            onChange={(event) => setPrefix(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
          />
          <Button type="submit" leftSection={<IconDownload size={16} aria-hidden />} disabled={!online}>
            Export
          </Button>
        </form>
      )}
      <Outcome state={state} onSave={saveAnyway} onDiscard={discard} onRetry={() => start(prefix)} />
      {guard}
    </section>
  );
}

interface RunningProps {
  readonly state: Extract<ExportState, { readonly status: 'running' }>;
  readonly onCancel: () => void;
}

function Running({ state: { counts, total, rate }, onCancel }: RunningProps) {
  const of = total === undefined ? '' : ` of ${formatCount(total)}`;
  return (
    <ProgressBlock
      label="Export"
      share={total === undefined || total === 0 ? undefined : Math.min(counts.keys / total, 1)}
      facts={[
        `${formatCount(counts.keys)}${of} keys`,
        formatBytes(counts.bytes),
        ...(rate === undefined ? [] : [`${formatBytes(rate)}/s`]),
      ]}
      actions={
        <Button variant="default" onClick={onCancel} data-autofocus>
          Cancel
        </Button>
      }
    />
  );
}

interface OutcomeProps {
  readonly state: ExportState;
  readonly onSave: () => void;
  readonly onDiscard: () => void;
  readonly onRetry: () => void;
}

function Outcome({ state, onSave, onDiscard, onRetry }: OutcomeProps) {
  const notice = useRef<HTMLDivElement>(null);
  const { status } = state;
  const isOver = status !== 'idle' && status !== 'running';
  // The button that had the focus is gone.
  useEffect(() => {
    if (isOver) notice.current?.focus();
  }, [isOver]);

  switch (state.status) {
    case 'idle':
    case 'running':
      return null;
    case 'cancelled':
      return (
        <Notice tone="plain" title="Export cancelled" ref={notice}>
          <p>Nothing was saved.</p>
        </Notice>
      );
    case 'failed':
      return <ErrorNotice title="The export failed" error={state.error} onRetry={onRetry} />;
    case 'incomplete': {
      const { counts, verdict } = state.outcome;
      return (
        <Notice
          tone="danger"
          announce
          ref={notice}
          title="The export is incomplete"
          actions={
            <>
              <Button variant="default" onClick={onRetry}>
                Try again
              </Button>
              <Button variant="default" onClick={onSave}>
                Save what arrived
              </Button>
              <Button variant="default" onClick={onDiscard}>
                Discard
              </Button>
            </>
          }
        >
          <p>
            {verdict === 'damaged'
              ? 'The checksum at its end does not match what arrived.'
              : `It broke off after ${formatMany(counts.keys, 'key')} (${formatBytes(counts.bytes)}): the end line is missing.`}{' '}
            It is not a backup of everything.
          </p>
        </Notice>
      );
    }
    case 'saved': {
      const { counts, verdict } = state.outcome;
      const isWhole = verdict === 'complete';
      return (
        <Notice
          tone={isWhole ? 'plain' : 'warn'}
          ref={notice}
          title={
            isWhole
              ? `Exported ${formatMany(counts.keys, 'key')}`
              : `Saved ${formatMany(counts.keys, 'key')} of an incomplete export`
          }
        >
          <p>
            {formatBytes(counts.bytes)}
            {counts.revision === undefined ? '' : `, as of revision ${formatCount(counts.revision)}`}
            {isWhole
              ? '. The file is complete and its checksum is right.'
              : '. When it is imported, Halo will say that its end is missing.'}
          </p>
        </Notice>
      );
    }
  }
}
