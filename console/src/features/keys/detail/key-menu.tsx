import { ActionIcon, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconCopyPlus, IconDots, IconFileUpload, IconForms } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { toastLook } from '../../../ui/toast.js';
import type { Snapshot } from '../snapshot.js';
import type { DraftFile } from './draft-value.js';
import { TransferDialog } from './transfer-dialog.js';
import { readFile } from './use-draft-value.js';

export interface KeyMenuProps {
  readonly snapshot: Snapshot;
  /** Begins a draft with a file in the place of the value. */
  readonly onReplace: (file: DraftFile) => void;
}

/** What is done with a key less often. */
export function KeyMenu({ snapshot, onReplace }: KeyMenuProps) {
  const [dialog, setDialog] = useState<'move' | 'copy'>();
  const picker = useRef<HTMLInputElement>(null);

  async function replace(file: File | undefined) {
    if (file === undefined) return;
    const read = await readFile(file);
    if ('file' in read) onReplace(read.file);
    else {
      const title = 'This file cannot be used';
      notifications.show({
        ...toastLook,
        title,
        message: read.fault,
        role: 'alert',
        autoClose: false,
        color: 'red',
      });
    }
  }

  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label="More for this key" title="More for this key">
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            data-autofocus
            leftSection={<IconForms size={16} aria-hidden />}
            onClick={() => setDialog('move')}
          >
            Rename…
          </Menu.Item>
          <Menu.Item leftSection={<IconCopyPlus size={16} aria-hidden />} onClick={() => setDialog('copy')}>
            Copy to…
          </Menu.Item>
          <Menu.Item
            leftSection={<IconFileUpload size={16} aria-hidden />}
            onClick={() => picker.current?.click()}
          >
            Replace with a file…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <input
        ref={picker}
        type="file"
        hidden
        aria-label="File for the value"
        onChange={({ currentTarget }) => {
          void replace(currentTarget.files?.[0]);
          currentTarget.value = '';
        }}
      />
      {dialog === undefined ? null : (
        <TransferDialog kind={dialog} snapshot={snapshot} onClose={() => setDialog(undefined)} />
      )}
    </>
  );
}
