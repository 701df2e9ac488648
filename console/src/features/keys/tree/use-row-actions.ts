import { type RefObject, useState } from 'react';
import { toastFailure, toastSuccess } from '../../../ui/toast.js';
import { visibleKey } from '../../../ui/visible-key.js';
import { useKeysSearch } from '../keys-search.js';
import type { BulkTask } from './bulk/bulk-task.js';
import { listToChange } from './list-requests.js';
import type { RowAction } from './row-menu.js';
import type { FocusableRow, GroupRow } from './rows.js';
import type { Selection } from './use-selection.js';
import type { Tree } from './use-tree.js';

/** Keys of a folder that are selected at once. */
const selectedMax = 1_000;

/** Returns what the menu of a row and the boxes of the selection do. */
export function useRowActions(
  tree: Tree,
  selection: Selection,
  begin: (task: BulkTask) => void,
  listBox: RefObject<HTMLDivElement | null>,
) {
  const { create, setPrefix } = useKeysSearch();
  const [menuRow, setMenuRow] = useState<FocusableRow>();

  function closeMenu(): void {
    setMenuRow(undefined);
    listBox.current?.querySelector<HTMLElement>('[role="treeitem"][tabindex="0"]')?.focus();
  }

  async function selectGroup({ group }: GroupRow): Promise<void> {
    try {
      const { keys, cursor } = await listToChange(group.prefix, selectedMax, undefined);
      selection.add(new Map(keys.map(({ key, revision }) => [key, revision])));
      if (cursor === null) return;
      toastSuccess(
        `The first ${selectedMax.toLocaleString()} keys are selected`,
        `${visibleKey(group.prefix)} has more. To delete all of them, delete the folder.`,
      );
    } catch (error) {
      toastFailure('The keys of the folder could not be selected', error);
    }
  }

  function check(row: FocusableRow): void {
    if (row.kind === 'key') selection.toggle(row);
    else if (selection.isChecked(row) === false || !(row.group.more || selection.isChecked(row) === true)) {
      void selectGroup(row);
    } else selection.drop(row.group.prefix);
  }

  function act(action: RowAction): void {
    const row = menuRow;
    closeMenu();
    if (row === undefined) return;
    const name = row.kind === 'group' ? row.group.prefix : row.entry.key;
    const folder = row.kind === 'group' ? row.group.prefix : (row.parent ?? tree.prefix);
    if (action === 'create') void create(folder);
    else if (action === 'search') void setPrefix(name);
    else if (action === 'copy-name') void copyText(name);
    else if (action !== 'select') begin({ kind: action, prefix: name, delimiter: tree.delimiter });
    else if (row.kind === 'key') selection.start(row);
    else {
      selection.start();
      void selectGroup(row);
    }
  }

  return { menuRow, openMenu: setMenuRow, closeMenu, act, check };
}

async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toastSuccess('Copied', visibleKey(text));
  } catch (error) {
    toastFailure('The browser did not allow copying', error);
  }
}
