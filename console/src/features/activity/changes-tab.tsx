import { Button } from '@mantine/core';
import { ErrorNotice } from '../../ui/error-notice.js';
import { useNow } from '../../ui/use-now.js';
import classes from './activity-screen.module.css';
import { CommitItem } from './commit-item.js';
import { FeedSkeleton } from './feed-skeleton.js';
import { useCommits } from './use-commits.js';

/** What was set, deleted and expired, commit by commit. New ones come in at the top as they happen. */
export function ChangesTab() {
  const { query, commits, pruned } = useCommits();
  const now = useNow(15_000);
  if (query.isPending) return <FeedSkeleton />;
  if (query.isError && query.data === undefined) {
    return (
      <ErrorNotice
        title="The changes could not be loaded"
        error={query.error}
        onRetry={() => query.refetch()}
      />
    );
  }
  if (commits.length === 0 && !query.hasNextPage) {
    return (
      <div className={classes.empty}>
        <h2>Nothing has changed yet</h2>
        <p>Each time a key is set, deleted or expires, it shows here, from wherever it came.</p>
      </div>
    );
  }
  return (
    <>
      {commits.length === 0 ? null : (
        <ol className={classes.feed} aria-label="Changes, newest first" reversed>
          {commits.map((commit) => (
            <CommitItem key={commit.revision} commit={commit} now={now} />
          ))}
        </ol>
      )}
      {query.isFetchNextPageError ? (
        <ErrorNotice
          title="Older changes could not be loaded"
          error={query.error}
          onRetry={() => query.fetchNextPage()}
        />
      ) : query.hasNextPage ? (
        <Button
          variant="default"
          className={classes.more ?? ''}
          loading={query.isFetchingNextPage}
          onClick={() => query.fetchNextPage()}
        >
          Load older changes
        </Button>
      ) : (
        <p className={classes.end}>
          {pruned ? 'Older changes are no longer kept.' : 'This is where the account begins.'}
        </p>
      )}
    </>
  );
}
