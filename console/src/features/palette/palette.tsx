import { Button, Kbd } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { type ComponentType, useState } from 'react';
import { loadScreen } from '../../ui/load-screen.js';
import { toastFailure } from '../../ui/toast.js';
import { useLogOut } from '../../ui/use-log-out.js';
import { modName, useModShortcut } from '../../ui/use-shortcut.js';
import classes from './palette.module.css';
import type { PaletteDialogProps } from './palette-dialog.js';

const load = loadScreen(() => import('./palette-dialog.js'));

/** The way to everything by typing: the button in the header, and Mod+K. Its code comes when it is first wanted. */
export function Palette() {
  const [Dialog, setDialog] = useState<ComponentType<PaletteDialogProps>>();
  const [asked, setAsked] = useState(0);
  const { logOut, dialog } = useLogOut();

  async function open() {
    try {
      const { PaletteDialog } = await load();
      setDialog(() => PaletteDialog);
      setAsked((times) => times + 1);
    } catch (error) {
      toastFailure('The commands could not be loaded', error);
    }
  }

  useModShortcut('k', open);
  return (
    <>
      <Button
        className={classes.button ?? ''}
        variant="default"
        aria-label="Search or jump to…"
        aria-keyshortcuts={modName === '⌘' ? 'Meta+K' : 'Control+K'}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={
          <Kbd size="xs" className={classes.keys ?? ''}>
            {modName} K
          </Kbd>
        }
        onClick={open}
        // Whoever points at it is about to press it.
        onPointerEnter={() => void load().catch(() => {})}
      >
        <span className={classes.words}>Search or jump to…</span>
      </Button>
      {Dialog === undefined ? null : <Dialog asked={asked} onLogOut={logOut} />}
      {dialog}
    </>
  );
}
