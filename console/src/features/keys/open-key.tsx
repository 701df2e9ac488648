import { keyFault } from 'halo-contract';
import { useEffect, useEffectEvent, useState } from 'react';
import { hasCode } from '../../explain.js';
import { ErrorNotice } from '../../ui/error-notice.js';
import { Notice } from '../../ui/notice.js';
import type { DraftStart } from './detail/draft-value.js';
import { useElsewhere } from './detail/use-elsewhere.js';
import { DetailHeader } from './detail-header.js';
import { DetailSkeleton } from './detail-skeleton.js';
import { DraftEditor } from './draft-editor.js';
import { KeyDetail } from './key-detail.js';
import { keyPath } from './key-path.js';
import { useKeysSearch } from './keys-search.js';
import { MissingKey } from './missing-key.js';
import classes from './pane.module.css';
import { useKeyCache, useSnapshot } from './queries.js';

/**
 * One key: read, edited, or missing.
 *
 * Editing starts from a snapshot that is then frozen. Whatever is fetched meanwhile, the draft keeps the
 * text and the revision it began with, so that the save cannot overwrite what the person has not seen.
 */
export default function OpenKey({ name }: { readonly name: string }) {
  const { tab, setTab } = useKeysSearch();
  const [draft, setDraft] = useState<DraftStart>();
  const [edited, setEdited] = useState(false);
  const fault = keyFault(name);
  const reachable = fault === undefined && keyPath(name) !== undefined;
  const snapshot = useSnapshot(name, reachable && draft === undefined);
  const elsewhere = useElsewhere(name);
  const missing = hasCode(snapshot.error, 'not-found');
  useReturn(name, missing && elsewhere?.gone === false ? elsewhere.revision : undefined);

  function finish() {
    setDraft(undefined);
    setEdited(true);
  }

  // Leaving the value asks about an open draft first; whoever is here has given it up.
  if (draft !== undefined && tab !== 'value') setDraft(undefined);
  if (draft !== undefined && tab === 'value') {
    return <DraftEditor start={draft} elsewhere={elsewhere} onDone={finish} />;
  }
  if (!reachable) {
    return (
      <div className={classes.pane}>
        <DetailHeader name={name} />
        <Notice
          tone="warn"
          title={fault === undefined ? 'This key cannot be opened here' : 'This is not a key'}
        >
          <p>{fault ?? unreachableText}</p>
        </Notice>
      </div>
    );
  }
  if (missing) return <MissingKey name={name} />;
  if (snapshot.data !== undefined) {
    return (
      <KeyDetail
        snapshot={snapshot.data}
        elsewhere={elsewhere}
        focusEdit={edited}
        onEdit={async (start) => {
          if (tab !== 'value') await setTab('value');
          setDraft(start);
        }}
      />
    );
  }
  return (
    <div className={classes.pane} data-fill>
      <DetailHeader name={name} />
      {snapshot.isError ? (
        <ErrorNotice
          title="The value could not be loaded"
          error={snapshot.error}
          onRetry={snapshot.refetch}
        />
      ) : (
        <DetailSkeleton />
      )}
    </div>
  );
}

/** Shows a key that was missing as soon as it is told that it is there: nothing is lost by it. */
function useReturn(name: string, revision: number | undefined): void {
  const cache = useKeyCache();
  const reread = useEffectEvent(() => cache.reread(name));
  useEffect(() => {
    if (revision !== undefined) void reread();
  }, [revision]);
}

const unreachableText =
  'The keys “.” and “..” cannot travel in the path of a URL, because browsers remove them. Read it with POST /v1/read and change it with POST /v1/commit.';
