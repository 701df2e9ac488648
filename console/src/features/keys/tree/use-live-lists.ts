import { useQueryClient } from '@tanstack/react-query';
import type { CommitEvent } from 'halo-contract';
import { useEffect, useEffectEvent, useRef } from 'react';
import { useLiveCommits } from '../../../live/live.js';
import { useEpoch } from '../../../session/use-session.js';
import {
  changeLists,
  isOwnRevision,
  type ListChange,
  markChanges,
  reloadLists,
  unmark,
} from './list-cache.js';

/** Commits that come together are taken together. It also gives the answer to one's own write time to arrive. */
const gatherMs = 300;

/** More changes than these are not followed one by one: what is shown is read again, once. */
const changesMax = 500;

/** Keeps the loaded lists up to date with what is written elsewhere, and marks those rows. */
export function useLiveLists(openKey: string | undefined): void {
  const epoch = useEpoch();
  const client = useQueryClient();
  const gathered = useRef<CommitEvent[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const take = useEffectEvent(() => {
    timer.current = undefined;
    const commits = gathered.current.filter(({ revision }) => !isOwnRevision(client, epoch, revision));
    gathered.current = [];
    const changes = commits.flatMap(({ changes }) => changes.map(readChange));
    if (changes.length === 0) return;
    if (changes.length > changesMax) reloadLists(client, epoch);
    else changeLists(client, epoch, changes);
    // The key that is open tells of its changes itself.
    markChanges(
      client,
      epoch,
      changes.filter(({ key }) => key !== openKey),
    );
  });

  useLiveCommits((commit) => {
    gathered.current.push(commit);
    timer.current ??= setTimeout(take, gatherMs);
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  const open = useEffectEvent((key: string) => unmark(client, epoch, key));
  useEffect(() => {
    if (openKey !== undefined) open(openKey);
  }, [openKey]);
}

function readChange({ key, kind, revision, ...rest }: CommitEvent['changes'][number]): ListChange {
  if (kind !== 'set') return { key, revision, entry: undefined };
  const { size, content_type, expires_at, written_at } = rest;
  return {
    key,
    revision,
    entry: {
      ...{ key, revision, expires_at, metadata: null },
      size: size ?? 0,
      content_type: content_type ?? '',
      created_at: written_at,
      updated_at: written_at,
    },
  };
}
