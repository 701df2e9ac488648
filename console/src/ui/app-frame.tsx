import { ActionIcon, Drawer } from '@mantine/core';
import { IconMenu2 } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import classes from './app-frame.module.css';
import { Navigation } from './navigation.js';
import { OfflineBanner } from './offline-banner.js';
import { SchemeMenu } from './scheme-menu.js';
import { ShortcutSheet } from './shortcut-sheet.js';
import { UserMenu } from './user-menu.js';

export interface AppFrameProps {
  readonly accountName: string;
  readonly children: ReactNode;
}

/** What surrounds every screen of a person who is logged in. */
export function AppFrame({ accountName, children }: AppFrameProps) {
  const [opened, setOpened] = useState(false);
  return (
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
          aria-expanded={opened}
          onClick={() => setOpened(true)}
        >
          <IconMenu2 size={20} />
        </ActionIcon>
        <span className={classes.brand}>Halo</span>
        <SchemeMenu />
        <UserMenu name={accountName} />
      </header>
      <OfflineBanner />
      <div className={classes.below}>
        <div className={classes.side}>
          <Navigation />
        </div>
        <main id="main" tabIndex={-1} className={classes.main}>
          {children}
        </main>
      </div>
      <Drawer
        opened={opened}
        onClose={() => setOpened(false)}
        title="Halo"
        size={260}
        closeButtonProps={{ 'aria-label': 'Close' }}
        classNames={{ body: classes.drawer ?? '' }}
      >
        <Navigation onLeave={() => setOpened(false)} />
      </Drawer>
      <ShortcutSheet />
    </div>
  );
}
