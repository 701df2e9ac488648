import { Button, Kbd } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { DiscardDialog } from '../../ui/discard-dialog.js';
import { ErrorNotice } from '../../ui/error-notice.js';
import { Notice } from '../../ui/notice.js';
import { useNow } from '../../ui/use-now.js';
import { useOnline } from '../../ui/use-online.js';
import { isApple, useSaveShortcut } from '../../ui/use-shortcut.js';
import { ConflictDialog } from './conflict-dialog.js';
import { textContentType } from './content-types.js';
import { DetailHeader } from './detail-header.js';
import { EditorSkeleton } from './editor-skeleton.js';
import { Facts } from './facts.js';
import { FaultLine } from './fault-line.js';
import classes from './pane.module.css';
import type { Snapshot } from './snapshot.js';
import { useDraftGuard } from './use-draft-guard.js';
import { useDraftSave } from './use-draft-save.js';
import { contentKind, decodeText } from './value-text.js';

const CodeEditor = lazy(() => import('./code-editor.js'));

export interface DraftEditorProps {
  /** The key as it was when editing began. */
  readonly base: Snapshot;
  readonly onDone: () => void;
}

/** The value being edited. The draft lives here, in memory, and nowhere else. */
export function DraftEditor({ base, onDone }: DraftEditorProps) {
  const [baseText] = useState(() => (base.body === undefined ? '' : (decodeText(base.body) ?? '')));
  const [text, setText] = useState(baseText);
  const [asking, setAsking] = useState(false);
  const online = useOnline();
  const dirty = text !== baseText;
  const guard = useDraftGuard(dirty);
  // An untouched value is sent as the very bytes that came.
  const bytes = () => (dirty || base.body === undefined ? new TextEncoder().encode(text) : base.body);
  const { pending, error, conflict, ...draft } = useDraftSave(base, bytes, onDone);
  const canSave = online && !pending;
  useSaveShortcut(() => draft.save(), canSave);

  return (
    <div className={classes.pane} data-fill>
      <DetailHeader
        name={base.key}
        actions={
          <>
            <Button variant="default" disabled={pending} onClick={() => (dirty ? setAsking(true) : onDone())}>
              Cancel
            </Button>
            <Button disabled={!canSave} loading={pending} onClick={() => draft.save()}>
              Save
            </Button>
          </>
        }
      />
      <Facts snapshot={base} now={useNow(1_000)} />
      {error === undefined ? null : (
        <ErrorNotice title="Not saved" error={error} onRetry={() => draft.save()} />
      )}
      {conflict !== undefined && !conflict.shown ? (
        <PutAside gone={conflict.theirs === undefined} onCompare={() => draft.showConflict(true)} />
      ) : null}
      <div className={classes.value} inert={pending}>
        <Suspense fallback={<EditorSkeleton />}>
          <CodeEditor
            label="Value"
            text={baseText}
            json={contentKind(base.contentType) === 'json'}
            autoFocus
            onChange={setText}
          />
        </Suspense>
        {contentKind(base.contentType) === 'json' ? (
          <FaultLine
            text={text}
            actions={
              <Button
                variant="default"
                disabled={!canSave}
                onClick={() => draft.save({ contentType: textContentType })}
              >
                Save as text
              </Button>
            }
          >
            <p>Save keeps it as it is, and as {base.contentType}.</p>
          </FaultLine>
        ) : null}
      </div>
      <EditorHints />
      {conflict?.shown ? (
        <ConflictDialog
          mine={text}
          theirs={conflict.theirs}
          pending={pending}
          online={online}
          onOverwrite={draft.overwrite}
          onUseTheirs={draft.useTheirs}
          onKeepEditing={() => draft.showConflict(false)}
        />
      ) : null}
      <DiscardDialog opened={asking} onDiscard={onDone} onKeep={() => setAsking(false)} />
      {guard.dialog}
    </div>
  );
}

/** Remembers a conflict while the person goes on editing. */
function PutAside({ gone, onCompare }: { readonly gone: boolean; readonly onCompare: () => void }) {
  return (
    <Notice
      tone="warn"
      title={gone ? 'Deleted elsewhere' : 'Changed elsewhere'}
      actions={
        <Button variant="default" onClick={onCompare}>
          {gone ? 'Decide' : 'Compare'}
        </Button>
      }
    >
      <p>Saving will ask what to keep.</p>
    </Notice>
  );
}

function EditorHints() {
  return (
    <p className={classes.hints}>
      <span>
        <Kbd>{isApple ? '⌘' : 'Ctrl'}</Kbd>
        <Kbd>S</Kbd> save
      </span>
      <span>
        <Kbd>Esc</Kbd>
        <Kbd>Tab</Kbd> leave the editor
      </span>
    </p>
  );
}
