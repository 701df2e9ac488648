import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';
import { explain } from '../../explain.js';
import { Notice } from '../../ui/notice.js';
import { Counts } from './counts.js';
import { faultFile } from './fault-list.js';
import { FaultTable } from './fault-table.js';
import { formatCount, formatMany } from './format-count.js';
import { codeOf, remainderOf, titleOf } from './outcome-text.js';
import { download } from './save-file.js';
import classes from './transfer-screen.module.css';
import { UndoImport } from './undo-import.js';
import type { ImportState } from './use-import.js';

export interface ImportOutcomeProps {
  readonly state: Extract<ImportState, { readonly step: 'run' }>;
  /** After a trial: do it. */
  readonly onImport: () => void;
  /** Back to the preview. */
  readonly onAgain: () => void;
  readonly onReset: () => void;
}

/** Faults that are shown; the file has all. */
const faultsShown = 5;

/** How an import ended: what it did, what it did not, and how to take it back. */
export function ImportOutcome({ state, onImport, onAgain, onReset }: ImportOutcomeProps) {
  const { run, isDry, before, file } = state;
  const { counts, stage, faults } = run;
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => notice.current?.focus(), []);
  const isDone = stage.status === 'done';
  const hasFailed = stage.status === 'stopped' && stage.error !== undefined;
  return (
    <>
      <Notice
        ref={notice}
        tone={hasFailed ? 'danger' : 'plain'}
        announce={hasFailed}
        title={titleOf(stage, counts, isDry)}
      >
        <Reason state={state} />
      </Notice>
      <Counts
        label={isDry ? 'What the import would do' : 'What the import did'}
        counts={[
          { name: isDry ? 'Would be set' : 'Set', count: counts.imported },
          { name: 'Left out', count: counts.skipped },
          { name: 'Rejected', count: counts.failed, isBad: true },
        ]}
      />
      <Remarks state={state} />
      {faults.all.length === 0 ? null : (
        <>
          <FaultTable
            title="Rejected lines"
            faults={faults.all.slice(0, faultsShown)}
            total={counts.failed}
          />
          <div className={classes.actions}>
            <Button
              variant="default"
              leftSection={<IconDownload size={16} aria-hidden />}
              onClick={() => download(faultFile(faults.all), `rejected-${file.name}`)}
            >
              Download the rejected lines
            </Button>
            {counts.failed > faults.all.length ? (
              <span className={classes.note}>
                The server named the first {formatCount(faults.all.length)}.
              </span>
            ) : null}
          </div>
        </>
      )}
      {isDry ? null : <UndoImport before={before} counts={counts} />}
      <div className={classes.actions}>
        {isDry && isDone ? <Button onClick={onImport}>Import</Button> : null}
        {isDry && isDone ? (
          <Button variant="default" onClick={onAgain}>
            Back to the preview
          </Button>
        ) : null}
        {isDone ? null : (
          <Button variant="default" onClick={onAgain}>
            Look at the file again
          </Button>
        )}
        <Button variant="default" onClick={onReset}>
          {isDry ? 'Choose another file' : 'Import another file'}
        </Button>
        {isDry ? null : <Link to="/keys">See your keys</Link>}
      </div>
    </>
  );
}

/** Why it ended, in a sentence or two. */
function Reason({ state: { run, isDry } }: { readonly state: ImportOutcomeProps['state'] }): ReactNode {
  const { counts, stage } = run;
  if (stage.status === 'done') {
    return <p>{isDry ? 'Nothing was changed.' : `All ${formatMany(counts.lines, 'line')} are done.`}</p>;
  }
  if (stage.status !== 'stopped') return null;
  const { error } = stage;
  return (
    <>
      {error === undefined ? null : <Cause error={error} />}
      <p>{remainderOf(stage, counts, isDry)}</p>
      {error !== undefined && codeOf(error) === 'quota-exceeded' ? (
        <p>
          <Link to="/usage">See your usage</Link>
        </p>
      ) : null}
    </>
  );
}

type Cause = NonNullable<
  Extract<ImportOutcomeProps['state']['run']['stage'], { status: 'stopped' }>['error']
>;

function Cause({ error }: { readonly error: Cause }) {
  if (error instanceof DOMException) {
    return <p>The file can no longer be read: it was moved, changed or locked after you chose it.</p>;
  }
  if (error instanceof Error) {
    const { detail, requestId } = explain(error);
    return (
      <p>
        {detail}
        {requestId === undefined ? null : (
          <>
            {' '}
            Request <code>{requestId}</code>
          </>
        )}
      </p>
    );
  }
  return <p>{error.detail}</p>;
}

/** What else is to be said of an import. */
function Remarks({ state: { run } }: { readonly state: ImportOutcomeProps['state'] }) {
  const { stage, resent } = run;
  const verdict = stage.status === 'done' ? stage.verdict : undefined;
  return (
    <>
      {resent.map(({ first, last }) => (
        <Notice key={first} tone="plain" title="The connection was lost once">
          <p>
            Lines {formatCount(first)} to {formatCount(last)} were sent again. Keys of theirs that existed by
            then were left as they were, and count as left out, though this import may have set them.
          </p>
        </Notice>
      ))}
      {verdict === 'truncated' ? (
        <Notice tone="warn" title="The file was incomplete">
          <p>The end line of the export is missing, so that keys may be missing too.</p>
        </Notice>
      ) : null}
      {verdict === 'damaged' ? (
        <Notice tone="warn" title="The file is not as it was exported">
          <p>Its lines do not match the checksum at its end: it was edited, or damaged on the way.</p>
        </Notice>
      ) : null}
    </>
  );
}
