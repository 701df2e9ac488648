import { lazy, Suspense, useMemo } from 'react';
import { formatBytes } from '../../ui/bytes.js';
import { Notice } from '../../ui/notice.js';
import { EditorSkeleton } from './editor-skeleton.js';
import { FaultLine } from './fault-line.js';
import { HexView } from './hex-view.js';
import { previewBytesMax, type Snapshot, shownBytesMax } from './snapshot.js';
import { contentKind, decodeText, previewBytes } from './value-text.js';

const CodeEditor = lazy(() => import('./code-editor.js'));

export interface ValueViewProps {
  readonly snapshot: Snapshot;
  /** The whole value, if it is text. */
  readonly text: string | undefined;
}

/** The value, read-only: as text if it is UTF-8, else in hex; only its beginning if it is long. */
export function ValueView({ snapshot, text }: ValueViewProps) {
  const { key, revision, body, size, contentType } = snapshot;
  const preview = useMemo(
    () => (body === undefined ? undefined : previewBytes(body, previewBytesMax)),
    [body],
  );
  if (body === undefined || preview === undefined) {
    const length = size === undefined ? `over ${formatBytes(shownBytesMax)}` : formatBytes(size);
    return (
      <Notice tone="plain" title="Too long to show">
        <p>This value is {length}. Download it to see it.</p>
      </Notice>
    );
  }
  const cut = preview.length < body.length;
  const isJson = contentKind(contentType) === 'json';
  const shown = text === undefined ? undefined : cut ? decodeText(preview) : text;
  return (
    <>
      {cut ? (
        <div style={{ marginBottom: 12 }}>
          <Notice tone="plain">
            These are the first {formatBytes(preview.length)} of {formatBytes(body.length)}. Download the
            value for the rest{text === undefined ? '.' : ', or edit it to see all of it.'}
          </Notice>
        </div>
      ) : null}
      {shown === undefined ? (
        <HexView bytes={preview} />
      ) : (
        <Suspense fallback={<EditorSkeleton />}>
          <CodeEditor key={`${key} ${revision}`} label="Value" text={shown} json={isJson} readOnly />
        </Suspense>
      )}
      {isJson && shown !== undefined && !cut ? <FaultLine text={shown} /> : null}
    </>
  );
}
