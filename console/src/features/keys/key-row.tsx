import { Link } from '@tanstack/react-router';
import type { Entry } from 'halo-contract';
import { formatDuration, formatInstant } from '../../ui/relative-time.js';
import { visibleKey } from '../../ui/visible-key.js';
import classes from './key-list.module.css';

export const rowId = (index: number) => `key-row-${index}`;

export interface KeyRowProps {
  readonly entry: Entry;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  /** Where the arrows are. */
  readonly active: boolean;
  readonly open: boolean;
  readonly onOpen: () => void;
}

/** One key. It is a link, so that it also opens in another tab. */
export function KeyRow({ entry, index, top, height, active, open, onOpen }: KeyRowProps) {
  const { key, expires_at } = entry;
  return (
    <Link
      id={rowId(index)}
      role="option"
      aria-selected={open}
      tabIndex={-1}
      to="/keys"
      search={({ prefix }: { prefix?: string }) => (prefix === undefined ? { key } : { prefix, key })}
      className={classes.row}
      data-active={active}
      title={visibleKey(key)}
      style={{ transform: `translateY(${top}px)`, height }}
      onClick={onOpen}
    >
      <span className={classes.key}>{visibleKey(key)}</span>
      {expires_at === null ? null : (
        <span className={classes.left} title={`Expires ${formatInstant(expires_at)}`}>
          {formatDuration(Date.parse(expires_at) - Date.now())}
        </span>
      )}
    </Link>
  );
}
