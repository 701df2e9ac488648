import { Kbd, Modal } from '@mantine/core';
import { useSingleKeys } from './preferences.js';
import classes from './shortcut-sheet.module.css';
import { modName } from './use-shortcut.js';

interface Shortcut {
  /** Keys pressed together. */
  readonly keys: readonly string[];
  /** Other keys that do the same. */
  readonly or?: readonly string[];
  readonly does: string;
  /** A key alone, which the settings can turn off. */
  readonly single?: true;
}

const sections: readonly { readonly title: string; readonly shortcuts: readonly Shortcut[] }[] = [
  {
    title: 'Anywhere',
    shortcuts: [
      { keys: [modName, 'K'], does: 'Search keys, screens and commands' },
      { keys: [modName, '/'], does: 'Show this list' },
      { keys: ['?'], does: 'Show this list', single: true },
      { keys: ['Esc'], does: 'Close what is open' },
    ],
  },
  {
    title: 'Keys',
    shortcuts: [
      { keys: ['/'], does: 'Search by prefix', single: true },
      { keys: ['N'], does: 'Set a value for a new key', single: true },
      { keys: ['↑'], or: ['↓'], does: 'Move in the list' },
      { keys: ['→'], or: ['←'], does: 'Open and close a folder' },
      { keys: ['Enter'], does: 'Open the key or folder' },
    ],
  },
  {
    title: 'One key',
    shortcuts: [
      { keys: ['E'], does: 'Edit the value', single: true },
      { keys: [modName, 'S'], does: 'Save' },
      { keys: [modName, 'F'], does: 'Find in the editor' },
      { keys: ['Esc', 'Tab'], does: 'Leave the editor' },
    ],
  },
];

export interface ShortcutSheetProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** The list of shortcuts, in the words of the platform. */
export function ShortcutSheet({ opened, onClose }: ShortcutSheetProps) {
  const singleKeys = useSingleKeys();
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts" size={420}>
      {sections.map(({ title, shortcuts }) => (
        <section key={title} className={classes.section}>
          <h3 className={classes.title}>{title}</h3>
          <dl className={classes.list}>
            {shortcuts
              .filter(({ single }) => singleKeys || single === undefined)
              .map((shortcut) => (
                <Row key={shortcut.keys.join()} {...shortcut} />
              ))}
          </dl>
        </section>
      ))}
      <p className={classes.note}>
        {singleKeys
          ? 'Shortcuts of a single key can be turned off under Appearance.'
          : 'Shortcuts of a single key are turned off; turn them on under Appearance.'}
      </p>
    </Modal>
  );
}

function Row({ keys, or, does }: Shortcut) {
  return (
    <div className={classes.row}>
      <dt>{does}</dt>
      <dd>
        {[...keys, ...(or ?? [])].map((key) => (
          <Kbd key={key}>{key}</Kbd>
        ))}
      </dd>
    </div>
  );
}
