import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Entry } from 'halo-contract';
import { hasCode } from '../../explain.js';
import { session } from '../../session/browser-session.js';
import { useEpoch } from '../../session/use-session.js';
import { getSnapshot } from './requests.js';
import type { Snapshot } from './snapshot.js';
import { changeLists, ownRevision, reloadLists } from './tree/list-cache.js';

/** Every key begins with the number of the log-in, so that nothing fetched in one is shown in another. */
const snapshotsOf = (epoch: number) => [epoch, 'snapshot'] as const;
const snapshotOf = (epoch: number, key: string) => [...snapshotsOf(epoch), key] as const;

/** One key as it is now; looking at it again after being away fetches it again. */
export function useSnapshot(key: string, enabled: boolean) {
  const epoch = useEpoch();
  const client = useQueryClient();
  return useQuery({
    queryKey: snapshotOf(epoch, key),
    queryFn: ({ signal }) => readInto(client, epoch, key, signal),
    enabled: enabled && epoch > 0,
    staleTime: 0,
    refetchOnWindowFocus: true,
  });
}

/** Fetches a key, and puts its row right wherever it is listed: nobody has to remember to. */
async function readInto(client: QueryClient, epoch: number, key: string, signal: AbortSignal) {
  try {
    const snapshot = await getSnapshot(key, signal);
    listSnapshot(client, epoch, snapshot, snapshot.size);
    return snapshot;
  } catch (error) {
    if (hasCode(error, 'not-found')) listRemoval(client, epoch, key);
    throw error;
  }
}

/** Returns how to bring what is cached up to date after one's own writes, without fetching all of it again. */
export function useKeyCache() {
  const client = useQueryClient();
  return {
    wrote(snapshot: Snapshot, size: number) {
      const epoch = epochNow();
      client.setQueryData(snapshotOf(epoch, snapshot.key), snapshot);
      // The server's own times replace the estimates as soon as they arrive.
      void client.invalidateQueries({ queryKey: snapshotOf(epoch, snapshot.key) });
      ownRevision(client, epoch, snapshot.revision);
      listSnapshot(client, epoch, snapshot, size);
    },
    /** The revision is that of the deletion, when it was one's own. */
    removed(key: string, revision?: number) {
      const epoch = epochNow();
      client.removeQueries({ queryKey: snapshotOf(epoch, key) });
      if (revision !== undefined) ownRevision(client, epoch, revision);
      listRemoval(client, epoch, key, revision);
    },
    /** Commits of many keys: the lists and what is open are read again. */
    async committed(revisions: readonly number[]) {
      const epoch = epochNow();
      for (const revision of revisions) ownRevision(client, epoch, revision);
      reloadLists(client, epoch);
      await client.invalidateQueries({ queryKey: snapshotsOf(epoch) });
    },
    reread(key: string) {
      return client.invalidateQueries({ queryKey: snapshotOf(epochNow(), key) });
    },
  };
}

/** A save may wait for a log-in, so that the log-in it began in is not the one it ends in. */
function epochNow(): number {
  return session.state.status === 'active' ? session.state.epoch : 0;
}

function listSnapshot(client: QueryClient, epoch: number, snapshot: Snapshot, size = 0): void {
  const { key, revision } = snapshot;
  changeLists(client, epoch, [{ key, revision, entry: entryOf(snapshot, size) }]);
}

function listRemoval(client: QueryClient, epoch: number, key: string, revision?: number): void {
  changeLists(client, epoch, [{ key, revision: revision ?? Number.POSITIVE_INFINITY, entry: undefined }]);
}

function entryOf(snapshot: Snapshot, size: number): Entry {
  const now = new Date().toISOString();
  return {
    key: snapshot.key,
    revision: snapshot.revision,
    size,
    content_type: snapshot.contentType,
    metadata: null,
    created_at: snapshot.createdAt ?? now,
    updated_at: now,
    expires_at: snapshot.expiresAt ?? null,
  };
}
