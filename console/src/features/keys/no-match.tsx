import { Button } from '@mantine/core';
import { keyFault } from 'halo-contract';
import { visibleKey } from '../../ui/visible-key.js';
import { useKeysSearch } from './keys-search.js';
import classes from './no-match.module.css';

/** Says that no key has the prefix, and offers to create the one that was searched for. */
export function NoMatch({ prefix }: { readonly prefix: string }) {
  const { create } = useKeysSearch();
  return (
    <div className={classes.root}>
      <p>
        No key begins with <code className={classes.key}>{visibleKey(prefix)}</code>.
      </p>
      {keyFault(prefix) === undefined ? (
        <Button variant="default" onClick={() => create(prefix)}>
          Create this key
        </Button>
      ) : null}
    </div>
  );
}
