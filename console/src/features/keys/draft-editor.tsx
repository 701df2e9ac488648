import { Button, Kbd } from '@mantine/core';
import { lazy, Suspense, useMemo, useRef, useState } from 'react';
import { formatBytes } from '../../ui/bytes.js';
import { DiscardDialog } from '../../ui/discard-dialog.js';
import { loadScreen } from '../../ui/load-screen.js';
import { Notice } from '../../ui/notice.js';
import { useNow } from '../../ui/use-now.js';
import { useOnline } from '../../ui/use-online.js';
import { isApple, useSaveShortcut } from '../../ui/use-shortcut.js';
import type { CodeEditorHandle } from './code-editor.js';
import { ConflictDialog } from './conflict-dialog.js';
import { contentTypeFault, textContentType } from './content-types.js';
import { DetailFrame } from './detail/detail-frame.js';
import { DraftToolbar } from './detail/draft-toolbar.js';
import { type DraftStart, draftBytes, isChanged } from './detail/draft-value.js';
import { bytesOfHex, hexBytesMax } from './detail/hex-text.js';
import { formatJson } from './detail/json-format.js';
import { SaveProblem } from './detail/save-problem.js';
import { useDraftValue } from './detail/use-draft-value.js';
import type { Elsewhere } from './detail/use-elsewhere.js';
import { useEscape } from './detail/use-escape.js';
import { EditorSkeleton } from './editor-skeleton.js';
import { FaultLine } from './fault-line.js';
import { jsonFault } from './json-fault.js';
import classes from './pane.module.css';
import { useDraftGuard } from './use-draft-guard.js';
import { type Drafted, useDraftSave } from './use-draft-save.js';
import { contentKind } from './value-text.js';

const CodeEditor = lazy(loadScreen(() => import('./code-editor.js')));

export interface DraftEditorProps {
  readonly start: DraftStart;
  readonly elsewhere: Elsewhere | undefined;
  readonly onDone: () => void;
}

/** The value being edited. The draft lives here, in memory, and nowhere else. */
export function DraftEditor({ start, elsewhere, onDone }: DraftEditorProps) {
  const { base } = start;
  const { value, contentType, ...edit } = useDraftValue(start);
  const [asking, setAsking] = useState(false);
  const editor = useRef<CodeEditorHandle>(null);
  const online = useOnline();
  const now = useNow(1_000);
  const dirty = contentType !== base.contentType || isChanged(value, base);
  const guard = useDraftGuard(dirty);
  const typeFault = contentType === base.contentType ? undefined : contentTypeFault(contentType);
  const hexFault = useMemo(() => {
    if (value.mode !== 'hex' || value.file !== undefined) return undefined;
    const read = bytesOfHex(value.text);
    return 'fault' in read ? read.fault : undefined;
  }, [value]);
  const isJson = contentKind(contentType) === 'json' && value.mode === 'text' && value.file === undefined;

  function drafted(): Drafted | undefined {
    const read = draftBytes(value);
    return 'fault' in read ? undefined : { bytes: read.bytes, contentType: contentType.trim() };
  }
  const { pending, error, conflict, ...draft } = useDraftSave(base, drafted, onDone);
  const canSave = online && !pending && typeFault === undefined && hexFault === undefined;
  const cancel = () => (dirty ? setAsking(true) : onDone());
  useSaveShortcut(() => draft.save(), canSave);
  useEscape((isWriting) => {
    // While one writes, Escape only lets Tab out of the editor; a draft is never put at risk by it.
    if (!pending && !(dirty && isWriting)) cancel();
  });

  function format() {
    const fault = jsonFault(value.text);
    if (fault === undefined) editor.current?.replace(formatJson(value.text));
    else editor.current?.goTo(fault.offset);
  }

  return (
    <DetailFrame
      name={base.key}
      snapshot={base}
      now={now}
      actions={
        <>
          <Button variant="default" disabled={pending} onClick={cancel}>
            Cancel
          </Button>
          <Button disabled={!canSave} loading={pending} onClick={() => draft.save()}>
            Save
          </Button>
        </>
      }
      notice={
        <>
          {error === undefined ? null : <SaveProblem error={error} onRetry={() => draft.save()} />}
          <Meanwhile
            gone={goneBy(conflict?.theirs, conflict !== undefined, elsewhere, base, now)}
            hidden={pending || conflict?.shown === true}
            onCompare={() => draft.compare()}
          />
        </>
      }
    >
      <DraftToolbar
        mode={value.mode}
        canSwitch={hexFault === undefined && value.file === undefined && canBeBoth(value.text.length)}
        contentType={contentType}
        contentTypeFault={typeFault}
        onFormat={isJson ? format : undefined}
        onMode={edit.switchTo}
        onContentType={edit.setContentType}
        onFile={edit.useFile}
      />
      {edit.fileFault === undefined ? null : (
        <Notice tone="danger" title="This file cannot be used" announce>
          <p>{edit.fileFault}</p>
        </Notice>
      )}
      <div className={classes.value} inert={pending}>
        {value.file === undefined ? (
          <Suspense fallback={<EditorSkeleton />}>
            <CodeEditor
              key={edit.generation}
              ref={editor}
              label={value.mode === 'hex' ? 'Value in hex' : 'Value'}
              text={value.text}
              json={isJson}
              autoFocus
              onChange={edit.write}
            />
          </Suspense>
        ) : (
          <Notice
            tone="plain"
            title={`“${value.file.name}”, ${formatBytes(value.file.bytes.length)}`}
            actions={
              <Button
                variant="default"
                onClick={() => (base.body === undefined ? onDone() : edit.dropFile())}
              >
                Do not use it
              </Button>
            }
          >
            <p>Save replaces the value with this file, as {contentType}.</p>
          </Notice>
        )}
        {isJson ? (
          <FaultLine
            text={value.text}
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
            <p>Save keeps it as it is, and as {contentType}.</p>
          </FaultLine>
        ) : null}
        <div role="status">
          {hexFault === undefined ? null : (
            <div className={classes.below}>
              <Notice
                tone="warn"
                title={`Not valid hex: line ${hexFault.line}, column ${hexFault.column}: ${hexFault.message}.`}
              >
                <p>Each byte is two of 0–9 and a–f; spaces and line ends between bytes do not matter.</p>
              </Notice>
            </div>
          )}
        </div>
      </div>
      <EditorHints />
      {conflict?.shown ? (
        <ConflictDialog
          mine={drafted()?.bytes ?? new Uint8Array()}
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
    </DetailFrame>
  );
}

/** Beyond this many characters the text in hex would be longer than anyone can edit. */
function canBeBoth(length: number): boolean {
  return length <= hexBytesMax;
}

/** Returns whether the key is gone by now, or undefined when nothing is known to have happened to it. */
function goneBy(
  theirs: object | undefined,
  inConflict: boolean,
  elsewhere: Elsewhere | undefined,
  base: DraftStart['base'],
  now: number,
): 'changed' | 'deleted' | 'expired' | undefined {
  if (elsewhere !== undefined && elsewhere.revision > base.revision) {
    return elsewhere.gone ? 'deleted' : 'changed';
  }
  if (inConflict) return theirs === undefined ? 'deleted' : 'changed';
  return base.expiresAt !== undefined && Date.parse(base.expiresAt) <= now ? 'expired' : undefined;
}

interface MeanwhileProps {
  readonly gone: ReturnType<typeof goneBy>;
  readonly hidden: boolean;
  readonly onCompare: () => void;
}

/** Says what has become of the key while the person goes on editing; the draft stays as it is. */
function Meanwhile({ gone, hidden, onCompare }: MeanwhileProps) {
  if (gone === undefined || hidden) return null;
  const title = { changed: 'Changed elsewhere', deleted: 'Deleted elsewhere', expired: 'Expired meanwhile' };
  return (
    <div role="status">
      <Notice
        tone="warn"
        title={title[gone]}
        actions={
          <Button variant="default" onClick={onCompare}>
            {gone === 'changed' ? 'Compare' : 'Decide'}
          </Button>
        }
      >
        <p>Your draft is untouched. Saving will ask what to keep.</p>
      </Notice>
    </div>
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
