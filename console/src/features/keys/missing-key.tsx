import { Button } from '@mantine/core';
import { Notice } from '../../ui/notice.js';
import { DetailHeader } from './detail-header.js';
import { useKeysSearch } from './keys-search.js';
import classes from './pane.module.css';

export interface MissingKeyProps {
  readonly name: string;
  readonly expired?: boolean;
}

/** A key that is not there, and the offer to create it. */
export function MissingKey({ name, expired = false }: MissingKeyProps) {
  const { create } = useKeysSearch();
  return (
    <div className={classes.pane}>
      <DetailHeader name={name} />
      <Notice
        tone="plain"
        title={expired ? 'This key has expired' : 'Not found'}
        actions={
          <Button variant="default" onClick={() => create(name)}>
            Create this key
          </Button>
        }
      >
        <p>{expired ? 'Its time ran out while it was open.' : 'You have no key of this name.'}</p>
      </Notice>
    </div>
  );
}
