import { ActionIcon, Menu } from '@mantine/core';
import {
  IconCopy,
  IconDots,
  IconFolderSearch,
  IconFolderShare,
  IconFolders,
  IconPlus,
  IconSquareCheck,
  IconTrash,
} from '@tabler/icons-react';
import classes from './key-tree.module.css';
import type { FocusableRow } from './rows.js';

export type RowAction = 'create' | 'search' | 'copy-name' | 'select' | 'copy' | 'move' | 'delete';

export interface RowMenuProps {
  readonly row: FocusableRow;
  readonly name: string;
  readonly onAction: (action: RowAction) => void;
  readonly onClose: () => void;
}

const icons = {
  create: IconPlus,
  search: IconFolderSearch,
  'copy-name': IconCopy,
  select: IconSquareCheck,
  copy: IconFolders,
  move: IconFolderShare,
  delete: IconTrash,
} as const;

const closingEvents = ['mousedown', 'touchstart'];

const groupActions: readonly [RowAction, string][] = [
  ['create', 'New key in it'],
  ['search', 'Show only this folder'],
  ['copy-name', 'Copy its prefix'],
  ['select', 'Select its keys'],
];
const folderActions: readonly [RowAction, string][] = [
  ['copy', 'Copy folder…'],
  ['move', 'Move folder…'],
  ['delete', 'Delete folder…'],
];
const keyActions: readonly [RowAction, string][] = [
  ['copy-name', 'Copy the key'],
  ['create', 'New key beside it'],
  ['select', 'Select'],
];

/** What can be done with a key or a folder. It exists only while it is open, so that rows stay light. */
export function RowMenu({ row, name, onAction, onClose }: RowMenuProps) {
  const item = ([action, label]: readonly [RowAction, string], index: number) => {
    const Icon = icons[action];
    return (
      <Menu.Item
        key={action}
        data-autofocus={index === 0 || undefined}
        leftSection={<Icon size={16} aria-hidden />}
        {...(action === 'delete' ? { className: classes.danger ?? '' } : {})}
        onClick={() => onAction(action)}
      >
        {label}
      </Menu.Item>
    );
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what happens in the menu is none of the row's business.
    <span
      className={classes.holder}
      onClick={(event) => event.stopPropagation()}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <Menu
        opened
        onClose={onClose}
        position="bottom-end"
        returnFocus={false}
        // The key that opens the menu is still on its way up when the menu is there, and would close it.
        clickOutsideEvents={closingEvents}
      >
        <Menu.Target>
          <ActionIcon
            className={classes.menu ?? ''}
            data-expanded
            variant="subtle"
            color="gray"
            size={24}
            tabIndex={-1}
            aria-label={`Actions for ${name}`}
          >
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {(row.kind === 'group' ? groupActions : keyActions).map(item)}
          {row.kind === 'group' ? (
            <>
              <Menu.Divider />
              {folderActions.map((action) => item(action, 1))}
            </>
          ) : null}
        </Menu.Dropdown>
      </Menu>
    </span>
  );
}
