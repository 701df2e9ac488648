import { Button, Checkbox, Skeleton, TextInput } from '@mantine/core';
import '@mantine/core/styles/Checkbox.css';
import '@mantine/core/styles/Progress.css';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { ErrorNotice } from '../../ui/error-notice.js';
import { Screen } from '../../ui/screen.js';
import { useNow } from '../../ui/use-now.js';
import { visibleKey } from '../../ui/visible-key.js';
import { OutcomeNotice } from './outcome-notice.js';
import { useTrash } from './queries.js';
import { canPurge, type TrashEntry } from './requests.js';
import { TrashRow } from './trash-row.js';
import classes from './trash-screen.module.css';
import { useTrashWork } from './use-trash-work.js';
import { WorkDialog } from './work-dialog.js';

/** Typing on within this time asks the server once. */
const debounceMs = 200;

/** What was deleted and what expired, until it is pruned: back again, or gone for good. */
export function TrashScreen() {
  const [prefix, setPrefix] = useState('');
  const [asked] = useDebouncedValue(prefix, debounceMs);
  const trash = useTrash(asked);
  const work = useTrashWork();
  const now = useNow(30_000);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [purging, setPurging] = useState<readonly TrashEntry[]>([]);
  const entries = trash.data?.pages.flatMap((page) => page.entries) ?? [];
  // What has left the trash meanwhile is not acted upon, whoever took it.
  const selected = entries.filter(({ key }) => chosen.has(key));

  function select(keys: readonly string[], on: boolean) {
    const others = [...chosen].filter((key) => !keys.includes(key));
    setChosen(new Set(on ? [...others, ...keys] : others));
  }

  return (
    <Screen
      title="Trash"
      lead="Deleted and expired keys. Restoring brings back value, metadata and expiry; an expiry that has passed is left out."
    >
      {work.outcome === undefined ? null : <OutcomeNotice outcome={work.outcome} onClose={work.dismiss} />}
      <TextInput
        type="search"
        aria-label="Search the trash by prefix"
        placeholder="Prefix"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={prefix}
        onChange={(event) => setPrefix(event.currentTarget.value)}
        spellCheck={false}
        autoComplete="off"
        className={classes.search ?? ''}
      />
      {trash.isError && entries.length === 0 ? (
        <ErrorNotice
          title="The trash could not be loaded"
          error={trash.error}
          onRetry={() => trash.refetch()}
        />
      ) : trash.isPending ? (
        <ListSkeleton />
      ) : entries.length === 0 ? (
        <Empty prefix={asked} />
      ) : (
        <section className={classes.card} aria-label="Keys in the trash">
          <Toolbar
            entries={entries}
            selected={selected}
            more={trash.hasNextPage}
            onSelectAll={(on) =>
              select(
                entries.map(({ key }) => key),
                on,
              )
            }
            onRestore={() => work.start('restore', selected)}
            onPurge={() => setPurging(selected.filter(({ key }) => canPurge(key)))}
          />
          <ul className={classes.list}>
            {entries.map((entry) => (
              <TrashRow
                key={entry.key}
                entry={entry}
                now={now}
                selected={chosen.has(entry.key)}
                disabled={work.progress !== undefined}
                onSelect={(on) => select([entry.key], on)}
                onRestore={() => work.start('restore', [entry])}
                onPurge={() => setPurging([entry])}
              />
            ))}
          </ul>
        </section>
      )}
      {trash.isFetchNextPageError ? (
        <ErrorNotice
          title="More could not be loaded"
          error={trash.error}
          onRetry={() => trash.fetchNextPage()}
        />
      ) : trash.hasNextPage ? (
        <Button
          variant="default"
          className={classes.more ?? ''}
          loading={trash.isFetchingNextPage}
          onClick={() => trash.fetchNextPage()}
        >
          Load more
        </Button>
      ) : null}
      <ConfirmDialog
        opened={purging.length > 0}
        title={purging.length === 1 ? 'Purge key?' : `Purge ${purging.length} keys?`}
        confirm="Purge"
        cancel="Cancel"
        onConfirm={() => {
          setPurging([]);
          void work.start('purge', purging);
        }}
        onCancel={() => setPurging([])}
      >
        <PurgeWarning entries={purging} />
      </ConfirmDialog>
      {work.progress !== undefined && work.progress.total > 1 ? (
        <WorkDialog progress={work.progress} onStop={work.stop} />
      ) : null}
    </Screen>
  );
}

interface ToolbarProps {
  readonly entries: readonly TrashEntry[];
  readonly selected: readonly TrashEntry[];
  readonly more: boolean;
  readonly onSelectAll: (on: boolean) => void;
  readonly onRestore: () => void;
  readonly onPurge: () => void;
}

function Toolbar({ entries, selected, more, onSelectAll, onRestore, onPurge }: ToolbarProps) {
  const all = selected.length === entries.length;
  const count = `${entries.length}${more ? '+' : ''} ${entries.length === 1 && !more ? 'key' : 'keys'}`;
  return (
    <div className={classes.toolbar}>
      <Checkbox
        checked={all}
        indeterminate={!all && selected.length > 0}
        onChange={() => onSelectAll(!all)}
        label={selected.length === 0 ? count : `${selected.length} of ${count} selected`}
        aria-label="Select all that are shown"
      />
      {selected.length === 0 ? null : (
        <div className={classes.actions}>
          <Button variant="default" onClick={onRestore}>
            Restore selected
          </Button>
          <Button variant="default" className={classes.danger ?? ''} onClick={onPurge}>
            Purge selected
          </Button>
        </div>
      )}
    </div>
  );
}

function PurgeWarning({ entries }: { readonly entries: readonly TrashEntry[] }) {
  const [first] = entries;
  if (first === undefined) return null;
  return (
    <p>
      {entries.length === 1 ? <code>{visibleKey(first.key)}</code> : 'They'} and all earlier versions will be
      erased for good. This cannot be undone.
    </p>
  );
}

function Empty({ prefix }: { readonly prefix: string }) {
  return (
    <div className={classes.empty}>
      <IconTrash size={28} stroke={1.5} aria-hidden />
      {prefix === '' ? (
        <>
          <h2>The trash is empty</h2>
          <p>Keys that are deleted or expire come here first, so that they can be brought back.</p>
        </>
      ) : (
        <h2>
          Nothing in the trash begins with <code>{visibleKey(prefix)}</code>
        </h2>
      )}
    </div>
  );
}

function ListSkeleton() {
  return (
    <div className={classes.card} aria-busy="true">
      {[52, 38, 61, 45, 57].map((width) => (
        <div key={width} className={classes.skeleton}>
          <Skeleton height={10} width={`${width}%`} radius="sm" />
          <Skeleton height={8} width="24%" radius="sm" />
        </div>
      ))}
    </div>
  );
}
