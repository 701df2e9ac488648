import { Button } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { lazy, Suspense, useMemo, useState } from 'react';
import { loadScreen } from '../../ui/load-screen.js';
import { useNow } from '../../ui/use-now.js';
import { useKeyShortcut } from '../../ui/use-shortcut.js';
import { DeleteButton } from './delete-button.js';
import { ChangedNotice } from './detail/changed-notice.js';
import { DetailFrame } from './detail/detail-frame.js';
import type { DraftStart } from './detail/draft-value.js';
import { hexBytesMax } from './detail/hex-text.js';
import { KeyMenu } from './detail/key-menu.js';
import type { Elsewhere } from './detail/use-elsewhere.js';
import { ValueTab } from './detail/value-tab.js';
import type { Viewer } from './detail/viewers.js';
import { DownloadButton } from './download-button.js';
import { EditorSkeleton } from './editor-skeleton.js';
import { useKeysSearch } from './keys-search.js';
import { MissingKey } from './missing-key.js';
import type { Snapshot } from './snapshot.js';
import { decodeText } from './value-text.js';

const HistoryTab = lazy(loadScreen(() => import('./detail/history-tab.js')));
const MetadataTab = lazy(loadScreen(() => import('./detail/metadata-tab.js')));
const CodeTab = lazy(loadScreen(() => import('./detail/code-tab.js')));

export interface KeyDetailProps {
  readonly snapshot: Snapshot;
  /** The newest change that is known of, if any came since the key was opened. */
  readonly elsewhere: Elsewhere | undefined;
  /** The editor has just closed, and with it went the focus. */
  readonly focusEdit: boolean;
  readonly onEdit: (start: DraftStart) => void;
}

/** A key as it is, read-only until editing is asked for. */
export function KeyDetail({ snapshot, elsewhere, focusEdit, onEdit }: KeyDetailProps) {
  const { key, body, expiresAt, revision } = snapshot;
  const { tab } = useKeysSearch();
  const [viewer, setViewer] = useState<Viewer>();
  const now = useNow(expiresAt === undefined ? 30_000 : 1_000);
  const mode = useEditMode(body, viewer);
  const edit = () => (mode === undefined ? undefined : onEdit({ base: snapshot, mode }));
  useKeyShortcut('e', edit, mode !== undefined && tab === 'value');
  if (expiresAt !== undefined && Date.parse(expiresAt) <= now) return <MissingKey name={key} expired />;
  const outdated = elsewhere !== undefined && elsewhere.revision > revision;
  return (
    <DetailFrame
      name={key}
      snapshot={snapshot}
      now={now}
      notice={outdated ? <ChangedNotice name={key} elsewhere={elsewhere} /> : null}
      actions={
        <>
          <DownloadButton name={key} />
          <DeleteButton snapshot={snapshot} />
          {mode === undefined ? null : (
            <Button
              autoFocus={focusEdit}
              leftSection={<IconPencil size={16} aria-hidden />}
              onClick={() => edit()}
            >
              Edit
            </Button>
          )}
          <KeyMenu
            snapshot={snapshot}
            onReplace={(file) => onEdit({ base: snapshot, mode: mode ?? 'hex', file })}
          />
        </>
      }
    >
      <Suspense fallback={<EditorSkeleton />}>
        {tab === 'value' ? (
          <ValueTab snapshot={snapshot} canEdit={mode !== undefined} viewer={viewer} onView={setViewer} />
        ) : null}
        {tab === 'history' ? (
          <HistoryTab name={key} current={snapshot} latest={Math.max(revision, elsewhere?.revision ?? 0)} />
        ) : null}
        {tab === 'metadata' ? <MetadataTab snapshot={snapshot} now={now} /> : null}
        {tab === 'code' ? <CodeTab snapshot={snapshot} /> : null}
      </Suspense>
    </DetailFrame>
  );
}

/** Returns how the value would be edited: as what is looked at, as far as it can be; undefined if it cannot be. */
function useEditMode(body: Snapshot['body'], viewer: Viewer | undefined): DraftStart['mode'] | undefined {
  const isText = useMemo(() => body !== undefined && decodeText(body) !== undefined, [body]);
  if (body === undefined) return undefined;
  const fitsHex = body.length <= hexBytesMax;
  if (isText) return viewer === 'hex' && fitsHex ? 'hex' : 'text';
  return fitsHex ? 'hex' : undefined;
}
