import { VisuallyHidden } from '@mantine/core';
import { type CSSProperties, useState } from 'react';
import { session } from '../../session/browser-session.js';
import { useKeyShortcut } from '../../ui/use-shortcut.js';
import { visibleKey } from '../../ui/visible-key.js';
import classes from './keys-screen.module.css';
import { useKeysSearch } from './keys-search.js';
import { LazyPane, usePanePreload } from './lazy-pane.js';
import { ListPane } from './list-pane.js';
import { NothingOpen } from './nothing-open.js';
import { ResizeHandle, usePaneWidth } from './tree/resize-handle.js';
import { useTree } from './tree/use-tree.js';

/** The list of keys, and beside it the one that is open. A narrow window shows one of the two. */
export function KeysScreen() {
  const { openKey, newKey, create } = useKeysSearch();
  const { width, setWidth } = usePaneWidth();
  const tree = useTree();
  useKeyShortcut('n', () => create(''));
  usePanePreload();
  const isStart = useStart(tree.isEmpty) && newKey === undefined && openKey === undefined;
  const isOpen = newKey !== undefined || openKey !== undefined || isStart;
  return (
    <div
      className={classes.screen}
      data-pane={isOpen ? 'detail' : 'list'}
      style={{ '--list-width': `${width}px` } as CSSProperties}
    >
      <title>{openKey === undefined ? 'Keys · Halo' : `${visibleKey(openKey)} · Halo`}</title>
      <VisuallyHidden component="h1">Keys</VisuallyHidden>
      <section className={classes.list} aria-label="Keys">
        <ListPane tree={tree} />
      </section>
      <ResizeHandle width={width} onResize={setWidth} />
      <section className={classes.detail} aria-label="Detail">
        {isOpen ? <LazyPane openKey={openKey} newKey={newKey} /> : <NothingOpen />}
      </section>
    </div>
  );
}

/** Returns whether to show how to get started. A first value that is being written outlasts one set elsewhere. */
function useStart(isEmpty: boolean): boolean {
  const [wasEmpty, setWasEmpty] = useState(isEmpty);
  if (isEmpty && !wasEmpty) setWasEmpty(true);
  return isEmpty || (wasEmpty && session.hasDraft);
}
