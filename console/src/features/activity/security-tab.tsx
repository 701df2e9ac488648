import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { readJson } from 'halo-client';
import type { AuditPage } from 'halo-contract';
import { hasCode } from '../../explain.js';
import { session } from '../../session/browser-session.js';
import { useEpoch } from '../../session/use-session.js';
import { ErrorNotice } from '../../ui/error-notice.js';
import { Notice } from '../../ui/notice.js';
import { useNow } from '../../ui/use-now.js';
import classes from './activity-screen.module.css';
import { FeedSkeleton } from './feed-skeleton.js';
import { SecurityItem } from './security-item.js';

const pageEvents = 50;

/** Log-ins, tokens, passwords: what has happened to the account itself, the newest first. */
export function SecurityTab() {
  const audit = useAudit();
  const now = useNow(30_000);
  const events = audit.data?.pages.flatMap((page) => page.events) ?? [];
  if (audit.isPending) return <FeedSkeleton />;
  if (audit.isError && events.length === 0) return <Failure audit={audit} />;
  return (
    <>
      <ol className={classes.feed} aria-label="Security events, newest first" reversed>
        {events.map((event) => (
          <SecurityItem key={event.number} event={event} now={now} />
        ))}
      </ol>
      {audit.isFetchNextPageError ? (
        <ErrorNotice
          title="Older events could not be loaded"
          error={audit.error}
          onRetry={() => audit.fetchNextPage()}
        />
      ) : audit.hasNextPage ? (
        <Button
          variant="default"
          className={classes.more ?? ''}
          loading={audit.isFetchingNextPage}
          onClick={() => audit.fetchNextPage()}
        >
          Load older events
        </Button>
      ) : (
        <p className={classes.end}>These are all that are kept.</p>
      )}
    </>
  );
}

function useAudit() {
  const epoch = useEpoch();
  return useInfiniteQuery({
    queryKey: [epoch, 'audit'],
    queryFn: async ({ pageParam, signal }): Promise<AuditPage> => {
      const query = { limit: pageEvents, cursor: pageParam };
      return readJson(await session.request({ method: 'GET', path: '/v1/audit', query, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.cursor ?? undefined,
    enabled: epoch > 0,
    staleTime: 0,
  });
}

function Failure({ audit }: { readonly audit: ReturnType<typeof useAudit> }) {
  const { error, refetch } = audit;
  // While servers are being replaced, an older one may answer.
  if (hasCode(error, 'not-found', 'method-not-allowed')) {
    return (
      <Notice
        tone="plain"
        title="This server keeps no security log"
        actions={
          <Button variant="default" onClick={() => refetch()}>
            Retry
          </Button>
        }
      >
        <p>It may be older than this console. Nothing is wrong with your account.</p>
      </Notice>
    );
  }
  return (
    <ErrorNotice title="The security events could not be loaded" error={error} onRetry={() => refetch()} />
  );
}
