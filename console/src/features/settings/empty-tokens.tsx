import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import classes from './empty-tokens.module.css';

/** An account without tokens: what they are good for, and the way to the first. */
export function EmptyTokens({ onCreate }: { readonly onCreate: () => void }) {
  return (
    <div className={classes.root}>
      <h2>No API tokens yet</h2>
      <p className={classes.lead}>
        A token lets a script, a server or a scheduled job use your keys, without ever learning your password.
        Each one has its own bounds:
      </p>
      <ul className={classes.points}>
        <li>It may read only, or read and write.</li>
        <li>It reaches all keys, or only those with a prefix, such as what one program keeps.</li>
        <li>It ends by itself on the day you choose, and at once when you revoke it.</li>
      </ul>
      <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={onCreate}>
        Create the first token
      </Button>
    </div>
  );
}
