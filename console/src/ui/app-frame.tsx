import { ActionIcon } from '@mantine/core';
import { IconMenu2 } from '@tabler/icons-react';
import { type ReactNode, useMemo, useRef, useState } from 'react';
import classes from './app-frame.module.css';
import { FrameContext } from './frame-context.js';
import { loadScreen } from './load-screen.js';
import { Navigation } from './navigation.js';
import { OfflineBanner } from './offline-banner.js';
import { SchemeMenu } from './scheme-menu.js';
import { toastFailure } from './toast.js';
import { useDialog } from './use-dialog.js';
import { useScreenFocus } from './use-screen-focus.js';
import { useKeyShortcut, useModShortcut } from './use-shortcut.js';
import { UserMenu } from './user-menu.js';

const loadDrawer = loadScreen(async () => (await import('./navigation-drawer.js')).NavigationDrawer);
const loadSheet = loadScreen(async () => (await import('./shortcut-sheet.js')).ShortcutSheet);

export interface AppFrameProps {
  readonly accountName: string;
  /** What stands in the header between the name of the product and the menus. */
  readonly commands: ReactNode;
  readonly children: ReactNode;
}

/** What surrounds every screen of a person who is logged in. */
export function AppFrame({ accountName, commands, children }: AppFrameProps) {
  const main = useRef<HTMLElement>(null);
  const [navigating, setNavigating] = useState(false);
  const [shortcuts, setShortcuts] = useState(false);
  const drawer = useDialog(loadDrawer, navigating, (error) => {
    setNavigating(false);
    toastFailure('The navigation could not be loaded', error);
  });
  const sheet = useDialog(loadSheet, shortcuts, (error) => {
    setShortcuts(false);
    toastFailure('The shortcuts could not be loaded', error);
  });
  const frame = useMemo(() => ({ showShortcuts: () => setShortcuts(true) }), []);
  useScreenFocus(main);
  useKeyShortcut('?', frame.showShortcuts);
  useModShortcut('/', frame.showShortcuts);
  return (
    <FrameContext value={frame}>
      <div className={classes.frame}>
        <a className={classes.skip} href="#main">
          Skip to the content
        </a>
        <header className={classes.header}>
          <ActionIcon
            className={classes.burger ?? ''}
            variant="subtle"
            color="gray"
            aria-label="Navigation"
            aria-expanded={navigating}
            onClick={() => setNavigating(true)}
          >
            <IconMenu2 size={20} />
          </ActionIcon>
          <span className={classes.brand}>Halo</span>
          {commands}
          <SchemeMenu />
          <UserMenu name={accountName} />
        </header>
        <OfflineBanner />
        <div className={classes.below}>
          <div className={classes.side}>
            <Navigation />
          </div>
          <main ref={main} id="main" tabIndex={-1} className={classes.main}>
            {children}
          </main>
        </div>
        {drawer.Dialog && <drawer.Dialog opened={drawer.opened} onClose={() => setNavigating(false)} />}
        {sheet.Dialog && <sheet.Dialog opened={sheet.opened} onClose={() => setShortcuts(false)} />}
      </div>
    </FrameContext>
  );
}
