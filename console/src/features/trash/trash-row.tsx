import { ActionIcon, Button, Checkbox } from '@mantine/core';
import { IconArrowBackUp, IconTrashX } from '@tabler/icons-react';
import { formatBytes } from '../../ui/bytes.js';
import { formatAgo, formatInstant } from '../../ui/relative-time.js';
import { visibleKey } from '../../ui/visible-key.js';
import { canPurge, type TrashEntry } from './requests.js';
import classes from './trash-row.module.css';

export interface TrashRowProps {
  readonly entry: TrashEntry;
  readonly now: number;
  readonly selected: boolean;
  readonly disabled: boolean;
  readonly onSelect: (selected: boolean) => void;
  readonly onRestore: () => void;
  readonly onPurge: () => void;
}

/** One key that has gone: which, how, when, how large, and what can be done about it. */
export function TrashRow(props: TrashRowProps) {
  const { entry, now, selected, disabled, onSelect, onRestore, onPurge } = props;
  const { key, reason, deleted_at, size } = entry;
  const shown = visibleKey(key);
  const lost = size === null;
  return (
    <li className={classes.row} data-selected={selected}>
      <Checkbox
        className={classes.box ?? ''}
        aria-label={`Select ${shown}`}
        checked={selected}
        disabled={disabled}
        onChange={(event) => onSelect(event.currentTarget.checked)}
      />
      <div className={classes.words}>
        <p className={classes.key} title={shown}>
          {shown}
        </p>
        <p className={classes.facts}>
          <span>{reason === 'expire' ? 'Expired' : 'Deleted'} </span>
          <time dateTime={deleted_at} title={formatInstant(deleted_at)}>
            {formatAgo(now - Date.parse(deleted_at))}
          </time>
          <span> · {lost ? 'its value is no longer kept' : formatBytes(size)}</span>
        </p>
      </div>
      <Button
        variant="default"
        className={classes.restore ?? ''}
        title="Restore"
        aria-label={`Restore ${shown}`}
        leftSection={<IconArrowBackUp size={16} aria-hidden />}
        disabled={disabled || lost}
        onClick={onRestore}
      >
        Restore
      </Button>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`Purge ${shown}`}
        title={
          canPurge(key) ? 'Purge' : 'This key cannot travel in an address; it leaves the trash with time.'
        }
        disabled={disabled || !canPurge(key)}
        onClick={onPurge}
      >
        <IconTrashX size={16} />
      </ActionIcon>
    </li>
  );
}
