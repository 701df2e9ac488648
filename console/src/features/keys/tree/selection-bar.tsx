import { Button } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import classes from './list-tools.module.css';

export interface SelectionBarProps {
  readonly count: number;
  readonly onDelete: () => void;
  readonly onDone: () => void;
}

/** Takes the place of the tools while keys are being selected. */
export function SelectionBar({ count, onDelete, onDone }: SelectionBarProps) {
  return (
    <div className={classes.tools}>
      <span role="status" className={classes.count}>
        {count === 0 ? 'Choose keys' : `${count.toLocaleString()} selected`}
      </span>
      <Button
        variant="default"
        leftSection={<IconTrash size={16} aria-hidden />}
        disabled={count === 0}
        onClick={onDelete}
      >
        Delete…
      </Button>
      <Button variant="default" onClick={onDone}>
        Done
      </Button>
    </div>
  );
}
