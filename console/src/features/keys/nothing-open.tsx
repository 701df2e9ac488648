import { Button, Kbd } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useKeysSearch } from './keys-search.js';
import classes from './nothing-open.module.css';

/** What the detail shows before anything is opened. */
export function NothingOpen() {
  const { create } = useKeysSearch();
  return (
    <div className={classes.root}>
      <h2>No key is open</h2>
      <p className={classes.lead}>
        Choose one from the list, or press <Kbd>/</Kbd>, type a whole key and press <Kbd>Enter</Kbd> to get
        its value.
      </p>
      <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => create('')}>
        Set a value
      </Button>
    </div>
  );
}
