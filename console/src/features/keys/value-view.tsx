import { lazy, Suspense, useMemo } from 'react';
import { formatBytes } from '../../ui/bytes.js';
import { loadScreen } from '../../ui/load-screen.js';
import { Notice } from '../../ui/notice.js';
import { ImageView } from './detail/image-view.js';
import type { Viewer } from './detail/viewers.js';
import { EditorSkeleton } from './editor-skeleton.js';
import { FaultLine } from './fault-line.js';
import { HexView } from './hex-view.js';
import { previewBytesMax, type Snapshot, shownBytesMax } from './snapshot.js';
import { decodeText, previewBytes } from './value-text.js';

const CodeEditor = lazy(loadScreen(() => import('./code-editor.js')));

export interface ValueViewProps {
  readonly snapshot: Snapshot;
  /** The whole value, if it is text. */
  readonly text: string | undefined;
  /** One that can show this value. */
  readonly viewer: Viewer;
  /** What the field is called to those who do not see it. */
  readonly label?: string;
}

/** The value, read-only; of a long one only the beginning. */
export function ValueView({ snapshot, text, viewer, label = 'Value' }: ValueViewProps) {
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
  if (viewer === 'image') return <ImageView key={revision} bytes={body} contentType={contentType} />;
  const cut = preview.length < body.length;
  const shown = viewer === 'hex' || text === undefined ? undefined : cut ? decodeText(preview) : text;
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
          <CodeEditor
            key={`${key} ${revision} ${viewer}`}
            label={label}
            text={shown}
            json={viewer === 'json'}
            readOnly
          />
        </Suspense>
      )}
      {viewer === 'json' && shown !== undefined && !cut ? <FaultLine text={shown} /> : null}
    </>
  );
}
