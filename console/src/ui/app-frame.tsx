import { ActionIcon, Drawer } from '@mantine/core';
import { IconMenu2 } from '@tabler/icons-react';
import { type ReactNode, useMemo, useRef, useState } from 'react';
import classes from './app-frame.module.css';
import { FrameContext } from './frame-context.js';
import { Navigation } from './navigation.js';
import { OfflineBanner } from './offline-banner.js';
import { SchemeMenu } from './scheme-menu.js';
import { ShortcutSheet } from './shortcut-sheet.js';
import { useScreenFocus } from './use-screen-focus.js';
import { useKeyShortcut, useModShortcut } from './use-shortcut.js';
import { UserMenu } from './user-menu.js';

export interface AppFrameProps {
  readonly accountName: string;
  /** What stands in the header between the name of the product and the menus. */
  readonly commands: ReactNode;
  readonly children: ReactNode;
}

/** What surrounds every screen of a person who is logged in. */
export function AppFrame({ accountName, commands, children }: AppFrameProps) {
  const main = useRef<HTMLElement>(null);
  const [drawer, setDrawer] = useState({ opened: false, left: false });
  const [shortcuts, setShortcuts] = useState(false);
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
            aria-expanded={drawer.opened}
            onClick={() => setDrawer({ opened: true, left: false })}
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
        <Drawer
          opened={drawer.opened}
          onClose={() => setDrawer({ opened: false, left: false })}
          // Who has gone to a screen goes on there, and not at the button that led to it.
          returnFocus={!drawer.left}
          title="Halo"
          size={260}
          closeButtonProps={{ 'aria-label': 'Close' }}
          classNames={{ body: classes.drawer ?? '' }}
        >
          <Navigation onLeave={() => setDrawer({ opened: false, left: true })} />
        </Drawer>
        <ShortcutSheet opened={shortcuts} onClose={() => setShortcuts(false)} />
      </div>
    </FrameContext>
  );
}
