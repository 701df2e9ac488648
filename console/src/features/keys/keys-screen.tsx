import { VisuallyHidden } from '@mantine/core';
import { useKeyShortcut } from '../../ui/use-shortcut.js';
import { visibleKey } from '../../ui/visible-key.js';
import { CreatePane } from './create-pane.js';
import { GettingStarted } from './getting-started.js';
import { KeyPane } from './key-pane.js';
import classes from './keys-screen.module.css';
import { useKeysSearch } from './keys-search.js';
import { ListPane } from './list-pane.js';
import { NothingOpen } from './nothing-open.js';
import { useKeyList } from './queries.js';

/** The list of keys, and beside it the one that is open. A narrow window shows one of the two. */
export function KeysScreen() {
  const { prefix, openKey, newKey, create } = useKeysSearch();
  const list = useKeyList(prefix);
  useKeyShortcut('n', () => create(''));
  const empty = prefix === '' && list.data?.pages[0]?.keys.length === 0;
  const isOpen = newKey !== undefined || openKey !== undefined || empty;
  return (
    <div className={classes.screen} data-pane={isOpen ? 'detail' : 'list'}>
      <title>{openKey === undefined ? 'Keys · Halo' : `${visibleKey(openKey)} · Halo`}</title>
      <VisuallyHidden component="h1">Keys</VisuallyHidden>
      <section className={classes.list} aria-label="Keys">
        <ListPane list={list} />
      </section>
      <section className={classes.detail} aria-label="Detail">
        {newKey !== undefined ? (
          <CreatePane key={newKey} initialKey={newKey} />
        ) : openKey !== undefined ? (
          <KeyPane key={openKey} name={openKey} />
        ) : empty ? (
          <GettingStarted />
        ) : (
          <NothingOpen />
        )}
      </section>
    </div>
  );
}
