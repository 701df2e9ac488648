import { keyFault } from 'halo-contract';
import { useState } from 'react';
import { ProblemError } from '../../problem-error.js';
import { ErrorNotice } from '../../ui/error-notice.js';
import { Notice } from '../../ui/notice.js';
import { DetailHeader } from './detail-header.js';
import { DetailSkeleton } from './detail-skeleton.js';
import { DraftEditor } from './draft-editor.js';
import { KeyDetail } from './key-detail.js';
import { keyPath } from './key-path.js';
import { MissingKey } from './missing-key.js';
import classes from './pane.module.css';
import { useSnapshot } from './queries.js';
import type { Snapshot } from './snapshot.js';

/**
 * One key: read, edited, or missing.
 *
 * Editing starts from a snapshot that is then frozen. Whatever is fetched meanwhile, the draft keeps the
 * text and the revision it began with, so that the save cannot overwrite what the person has not seen.
 */
export function KeyPane({ name }: { readonly name: string }) {
  const [base, setBase] = useState<Snapshot>();
  const [edited, setEdited] = useState(false);
  const fault = keyFault(name);
  const reachable = fault === undefined && keyPath(name) !== undefined;
  const snapshot = useSnapshot(name, reachable && base === undefined);

  function finish() {
    setBase(undefined);
    setEdited(true);
  }

  if (base !== undefined) return <DraftEditor base={base} onDone={finish} />;
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
  if (snapshot.error instanceof ProblemError && snapshot.error.is('not-found'))
    return <MissingKey name={name} />;
  if (snapshot.data !== undefined)
    return <KeyDetail snapshot={snapshot.data} focusEdit={edited} onEdit={setBase} />;
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

const unreachableText =
  'The keys “.” and “..” cannot travel in the path of a URL, because browsers remove them. Read it with POST /v1/read and change it with POST /v1/commit.';
