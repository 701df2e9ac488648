import { Kbd, Modal } from '@mantine/core';
import { useState } from 'react';
import classes from './shortcut-sheet.module.css';
import { isApple, useKeyShortcut } from './use-shortcut.js';

const shortcuts = [
  { keys: ['/'], does: 'Search by prefix' },
  { keys: ['↑', '↓'], does: 'Move in the list' },
  { keys: ['N'], does: 'Set a value for a new key' },
  { keys: ['E'], does: 'Edit the value' },
  { keys: [isApple ? '⌘' : 'Ctrl', 'S'], does: 'Save' },
  { keys: ['Esc', 'Tab'], does: 'Leave the editor' },
  { keys: ['?'], does: 'Show this list' },
] as const;

/** The list of shortcuts, which `?` opens. */
export function ShortcutSheet() {
  const [opened, setOpened] = useState(false);
  useKeyShortcut('?', () => setOpened(true));
  return (
    <Modal opened={opened} onClose={() => setOpened(false)} title="Keyboard shortcuts" size={360}>
      <dl className={classes.list}>
        {shortcuts.map(({ keys, does }) => (
          <div key={does} className={classes.row}>
            <dt>{does}</dt>
            <dd>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
