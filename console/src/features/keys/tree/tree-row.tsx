import { ActionIcon } from '@mantine/core';
import {
  IconChevronRight,
  IconDots,
  IconSquare,
  IconSquareCheck,
  IconSquareMinus,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { CSSProperties, MouseEvent, ReactNode } from 'react';
import { formatDuration, formatInstant } from '../../../ui/relative-time.js';
import { visibleKey } from '../../../ui/visible-key.js';
import { type ListSearch, listSearch } from '../keys-search.js';
import classes from './key-tree.module.css';
import type { FocusableRow, KeyRow } from './rows.js';
import { emptyName, segmentText } from './segment-text.js';

/** Whether a row is selected; a folder may be in part. Undefined while nothing can be. */
export type Checked = boolean | 'mixed' | undefined;

export interface TreeRowProps {
  readonly row: FocusableRow;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly delimiter: string;
  /** The one stop for Tab. */
  readonly active: boolean;
  readonly open: boolean;
  readonly marked: boolean;
  readonly checked: Checked;
  readonly onPress: (event: MouseEvent) => void;
  /** Opens or closes a folder, also while keys are being selected. */
  readonly onToggle: () => void;
  readonly onMenu: () => void;
  /** What takes the place of the button that opens the menu, while it is open. */
  readonly menu: ReactNode;
}

/** One key or one folder. A key is a link, so that it also opens in another tab. */
export function TreeRow({ row, index, top, height, active, open, marked, checked, ...rest }: TreeRowProps) {
  const { delimiter, onPress, onToggle, onMenu, menu } = rest;
  const name = nameOf(row, delimiter);
  const whole = visibleKey(row.kind === 'key' ? row.entry.key : row.group.prefix);
  const aside = asideOf(row);
  const style = { transform: `translateY(${top}px)`, height, '--level': row.level } as CSSProperties;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree hears the keys for whichever row has the focus.
    <div
      role="treeitem"
      className={classes.row}
      style={style}
      data-index={index}
      title={whole}
      tabIndex={active ? 0 : -1}
      aria-label={[name, marked ? 'changed elsewhere' : '', aside.spoken].filter(Boolean).join(', ')}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-selected={open}
      {...(row.kind === 'group' ? { 'aria-expanded': row.expanded } : {})}
      {...(checked === undefined ? {} : { 'aria-checked': checked })}
      onClick={onPress}
    >
      {row.kind === 'key' && checked === undefined ? <KeyLink row={row} name={name} /> : null}
      {checked === undefined ? null : <CheckBox checked={checked} />}
      {row.kind === 'group' ? (
        <IconChevronRight
          className={classes.chevron}
          data-expanded={row.expanded}
          aria-hidden
          onClick={(event) => {
            event.stopPropagation();
            onToggle();
          }}
        />
      ) : delimiter === '' ? null : (
        <span className={classes.indent} />
      )}
      <RowName row={row} delimiter={delimiter} />
      {marked ? <span className={classes.mark} title="Changed elsewhere" /> : null}
      {aside.text === '' ? null : (
        <span className={classes.aside} title={aside.title}>
          {aside.text}
        </span>
      )}
      {menu ?? (
        <ActionIcon
          className={classes.menu ?? ''}
          variant="subtle"
          color="gray"
          size={24}
          tabIndex={-1}
          aria-haspopup="menu"
          aria-label={`Actions for ${name}`}
          onClick={(event) => {
            event.stopPropagation();
            onMenu();
          }}
        >
          <IconDots size={16} />
        </ActionIcon>
      )}
    </div>
  );
}

function KeyLink({ row, name }: { readonly row: KeyRow; readonly name: string }) {
  const { key } = row.entry;
  return (
    <Link
      to="/keys"
      search={(now: ListSearch) => ({ ...listSearch(now), key })}
      className={classes.link}
      tabIndex={-1}
      aria-label={name}
    />
  );
}

function CheckBox({ checked }: { readonly checked: boolean | 'mixed' }) {
  const Icon = checked === 'mixed' ? IconSquareMinus : checked ? IconSquareCheck : IconSquare;
  return <Icon size={16} className={classes.check} aria-hidden />;
}

/** The delimiter behind a folder's name is faint: it tells the folder from a key of the same name. */
function RowName({ row, delimiter }: { readonly row: FocusableRow; readonly delimiter: string }) {
  const ending = row.kind === 'group' ? delimiter : '';
  const name = row.name.slice(0, row.name.length - ending.length);
  return (
    <span className={classes.name}>
      {name === '' ? <span className={classes.faint}>{emptyName}</span> : segmentText(name)}
      {ending === '' ? null : <span className={classes.faint}>{segmentText(ending)}</span>}
    </span>
  );
}

export function nameOf(row: FocusableRow, delimiter: string): string {
  if (row.name === '') return emptyName;
  return row.kind === 'group' && row.name === delimiter
    ? `${emptyName}${segmentText(delimiter)}`
    : segmentText(row.name);
}

interface Aside {
  readonly text: string;
  readonly spoken: string;
  readonly title?: string;
}

/** What stands at the end of a row: how many keys a folder has, or how long a key has left. */
function asideOf(row: FocusableRow): Aside {
  if (row.kind === 'group') {
    const { count, more } = row.group;
    const number = count.toLocaleString();
    const spoken = more ? `more than ${number} keys` : count === 1 ? '1 key' : `${number} keys`;
    return { text: more ? `${number}+` : number, spoken, title: spoken };
  }
  const { expires_at } = row.entry;
  if (expires_at === null) return { text: '', spoken: '' };
  const left = formatDuration(Date.parse(expires_at) - Date.now());
  return { text: left, spoken: `expires in ${left}`, title: `Expires ${formatInstant(expires_at)}` };
}
