import { ActionIcon, TextInput } from '@mantine/core';
import { IconPlus, IconRefresh, IconSearch } from '@tabler/icons-react';
import type { Entry } from 'halo-contract';
import { useMemo, useRef } from 'react';
import { ErrorNotice } from '../../ui/error-notice.js';
import { useNow } from '../../ui/use-now.js';
import { useKeyShortcut } from '../../ui/use-shortcut.js';
import { KeyList } from './key-list.js';
import { useKeysSearch } from './keys-search.js';
import classes from './list-pane.module.css';
import { ListSkeleton } from './list-skeleton.js';
import { NoMatch } from './no-match.js';
import { useKeyCache, type useKeyList } from './queries.js';
import { usePrefixField } from './use-prefix-field.js';

/** How often rows that expire are looked at. */
const expiryTickMs = 1_000;

/** Search, New, and the keys with the prefix. */
export function ListPane({ list }: { readonly list: ReturnType<typeof useKeyList> }) {
  const { prefix, openKey, open, create } = useKeysSearch();
  const field = usePrefixField();
  const input = useRef<HTMLInputElement>(null);
  const listBox = useRef<HTMLDivElement>(null);
  const cache = useKeyCache();
  useKeyShortcut('/', () => input.current?.select());
  const loaded = useMemo(() => list.data?.pages.flatMap((page) => page.keys), [list.data]);
  const entries = useLiveEntries(loaded);

  return (
    <>
      <div className={classes.toolbar}>
        <TextInput
          ref={input}
          className={classes.search ?? ''}
          type="search"
          aria-label="Search keys by prefix"
          placeholder="Prefix, or a whole key"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={field.text}
          onChange={(event) => field.type(event.currentTarget.value)}
          spellCheck={false}
          autoCapitalize="none"
          autoComplete="off"
          onKeyDown={(event) => {
            if (event.key === 'Enter' && field.text !== '') {
              open(field.text);
            } else if (event.key === 'ArrowDown') {
              event.preventDefault();
              listBox.current?.focus();
            } else if (event.key === 'Escape') {
              field.type('');
            }
          }}
        />
        <ActionIcon variant="filled" aria-label="Set a value" title="Set a value" onClick={() => create('')}>
          <IconPlus size={16} />
        </ActionIcon>
      </div>
      <div className={classes.body}>
        {entries === undefined ? (
          list.isError ? (
            <div className={classes.padded}>
              <ErrorNotice title="The keys could not be loaded" error={list.error} onRetry={list.refetch} />
            </div>
          ) : (
            <ListSkeleton />
          )
        ) : entries.length > 0 ? (
          <KeyList ref={listBox} entries={entries} list={list} openKey={openKey} />
        ) : prefix === '' ? (
          <p className={classes.empty}>No keys yet.</p>
        ) : (
          <NoMatch prefix={prefix} />
        )}
      </div>
      {list.isFetchNextPageError ? (
        <div className={classes.failure}>
          <ErrorNotice
            title="More keys could not be loaded"
            error={list.error}
            onRetry={() => void list.fetchNextPage()}
          />
        </div>
      ) : null}
      <div className={classes.footer}>
        <span role="status">{entries === undefined ? '' : countText(entries.length, list.hasNextPage)}</span>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label="Reload the list"
          title="Reload the list"
          onClick={() => cache.reloadList(prefix)}
        >
          <IconRefresh size={16} />
        </ActionIcon>
      </div>
    </>
  );
}

function countText(count: number, more: boolean): string {
  const number = count.toLocaleString();
  if (more) return `${number} keys loaded, more below`;
  return count === 1 ? '1 key' : `${number} keys`;
}

/** Returns the entries without those that have expired since they were loaded. */
function useLiveEntries(entries: Entry[] | undefined): Entry[] | undefined {
  const expires = entries?.some((entry) => entry.expires_at !== null) ?? false;
  const now = useNow(expires ? expiryTickMs : undefined);
  return useMemo(() => {
    if (!expires) return entries;
    return entries?.filter(({ expires_at }) => expires_at === null || Date.parse(expires_at) > now);
  }, [entries, expires, now]);
}
