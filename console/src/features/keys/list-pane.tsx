import { ActionIcon, TextInput } from '@mantine/core';
import { IconPlus, IconRefresh, IconSearch } from '@tabler/icons-react';
import { lazy, Suspense, useRef, useState } from 'react';
import { ErrorNotice } from '../../ui/error-notice.js';
import { loadScreen } from '../../ui/load-screen.js';
import { useKeyShortcut } from '../../ui/use-shortcut.js';
import { useKeysSearch } from './keys-search.js';
import classes from './list-pane.module.css';
import { NoMatch } from './no-match.js';
import type { BulkTask } from './tree/bulk/bulk-task.js';
import { KeyTree } from './tree/key-tree.js';
import { ListSkeleton } from './tree/list-skeleton.js';
import { ListTools } from './tree/list-tools.js';
import { RowMenu } from './tree/row-menu.js';
import { SelectionBar } from './tree/selection-bar.js';
import { nameOf } from './tree/tree-row.js';
import { useLiveLists } from './tree/use-live-lists.js';
import { useMarks } from './tree/use-marks.js';
import { useReload } from './tree/use-reload.js';
import { useRowActions } from './tree/use-row-actions.js';
import { useSelection } from './tree/use-selection.js';
import { countText, type Tree } from './tree/use-tree.js';
import { usePrefixField } from './use-prefix-field.js';

const BulkDialog = lazy(loadScreen(() => import('./tree/bulk/bulk-dialog.js')));

/** Search, New, and the keys with the prefix. */
export function ListPane({ tree }: { readonly tree: Tree }) {
  const { prefix, openKey, open, create } = useKeysSearch();
  const listBox = useRef<HTMLDivElement>(null);
  const selection = useSelection();
  const [task, setTask] = useState<BulkTask>();
  const actions = useRowActions(tree, selection, setTask, listBox);
  const reload = useReload(prefix);
  const marks = useMarks();
  useLiveLists(openKey);
  const isWaiting = tree.root?.data === undefined;

  return (
    <>
      <div className={classes.toolbar}>
        <PrefixField onDown={() => focusTree(listBox.current)} />
        <ActionIcon variant="filled" aria-label="Set a value" title="Set a value" onClick={() => create('')}>
          <IconPlus size={16} />
        </ActionIcon>
      </div>
      {selection.isOn ? (
        <SelectionBar
          count={selection.selected.size}
          onDelete={() => setTask({ kind: 'delete-selected', selected: selection.selected })}
          onDone={selection.stop}
        />
      ) : (
        <ListTools onSelect={() => selection.start()} />
      )}
      <div className={classes.body}>
        {isWaiting ? (
          tree.failed === undefined ? (
            <ListSkeleton />
          ) : null
        ) : tree.rows.length > 0 ? (
          <KeyTree
            ref={listBox}
            tree={tree}
            openKey={openKey}
            marks={marks}
            selection={selection}
            onOpen={open}
            onCheck={actions.check}
            menuRow={actions.menuRow?.id}
            menu={
              actions.menuRow === undefined ? null : (
                <RowMenu
                  row={actions.menuRow}
                  name={nameOf(actions.menuRow, tree.delimiter)}
                  onAction={actions.act}
                  onClose={actions.closeMenu}
                />
              )
            }
            onMenu={actions.openMenu}
          />
        ) : prefix === '' ? (
          <p className={classes.empty}>No keys yet.</p>
        ) : (
          <NoMatch prefix={prefix} />
        )}
      </div>
      <Failure tree={tree} />
      <div className={classes.footer}>
        <span role="status">{countText(tree)}</span>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label="Reload the list"
          title="Reload the list"
          onClick={reload}
        >
          <IconRefresh size={16} />
        </ActionIcon>
      </div>
      {task === undefined ? null : (
        <Suspense fallback={null}>
          <BulkDialog task={task} onClose={() => setTask(undefined)} onDone={selection.stop} />
        </Suspense>
      )}
    </>
  );
}

/** The search: it asks the server, and Enter opens the key of that name, listed or not. */
function PrefixField({ onDown }: { readonly onDown: () => void }) {
  const { open } = useKeysSearch();
  const field = usePrefixField();
  const input = useRef<HTMLInputElement>(null);
  useKeyShortcut('/', () => input.current?.select());
  return (
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
          onDown();
        } else if (event.key === 'Escape') {
          field.type('');
        }
      }}
    />
  );
}

function focusTree(listBox: HTMLDivElement | null): void {
  listBox?.querySelector<HTMLElement>('[role="treeitem"][tabindex="0"]')?.focus();
}

/** What could not be loaded, of the list itself or of any folder, and how to try again. */
function Failure({ tree }: { readonly tree: Tree }) {
  if (tree.failed === undefined) return null;
  const [, level] = tree.failed;
  const isNext = level.data !== undefined;
  return (
    <div className={classes.failure}>
      <ErrorNotice
        title={isNext ? 'More keys could not be loaded' : 'The keys could not be loaded'}
        error={level.error}
        onRetry={() => void (level.isFetchNextPageError ? level.fetchNextPage() : level.refetch())}
      />
    </div>
  );
}
