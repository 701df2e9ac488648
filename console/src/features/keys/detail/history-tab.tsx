import { Skeleton } from '@mantine/core';
import { useState } from 'react';
import { hasCode } from '../../../explain.js';
import { ErrorNotice } from '../../../ui/error-notice.js';
import { Notice } from '../../../ui/notice.js';
import type { Snapshot } from '../snapshot.js';
import { useVersions } from './detail-queries.js';
import classes from './history-tab.module.css';
import { VersionList } from './version-list.js';
import { VersionPanel } from './version-panel.js';

export interface HistoryTabProps {
  readonly name: string;
  /** The key as it is shown; undefined when it is not there. */
  readonly current: Snapshot | undefined;
  /** The newest revision that is known of. */
  readonly latest: number;
}

/** All versions of a key that are kept: what they were, how they differ, and the way back to each. */
export default function HistoryTab({ name, current, latest }: HistoryTabProps) {
  const query = useVersions(name, latest);
  const [chosen, setChosen] = useState<number>();
  if (hasCode(query.error, 'not-found')) {
    return (
      <Notice tone="plain" title="No history">
        <p>There never was a key of this name, or all that it was is no longer kept.</p>
      </Notice>
    );
  }
  if (query.data === undefined) {
    return query.isError ? (
      <ErrorNotice title="The history could not be loaded" error={query.error} onRetry={query.refetch} />
    ) : (
      <ListSkeleton />
    );
  }
  const versions = query.data.pages.flatMap((page) => page.versions);
  const shown = versions.find(({ revision }) => revision === chosen) ?? versions[0];
  return (
    <div className={classes.root}>
      <VersionList
        versions={versions}
        current={current?.revision}
        chosen={shown?.revision}
        hasMore={query.hasNextPage}
        loading={query.isFetchingNextPage}
        onChoose={setChosen}
        onMore={query.fetchNextPage}
      />
      {shown === undefined ? null : (
        <VersionPanel
          key={shown.revision}
          name={name}
          version={shown}
          versions={versions}
          current={current}
        />
      )}
    </div>
  );
}

function ListSkeleton() {
  return (
    <div className={classes.skeleton} aria-busy="true">
      {[1, 2, 3, 4].map((row) => (
        <Skeleton key={row} height={20} radius="sm" />
      ))}
    </div>
  );
}
