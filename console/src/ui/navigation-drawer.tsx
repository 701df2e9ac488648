import { Drawer } from '@mantine/core';
import { useState } from 'react';
import { Navigation } from './navigation.js';
import classes from './navigation-drawer.module.css';

export interface NavigationDrawerProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** The navigation of a narrow window. */
export function NavigationDrawer({ opened, onClose }: NavigationDrawerProps) {
  const [left, setLeft] = useState(false);
  if (opened && left) setLeft(false);
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      // Who has gone to a screen goes on there, and not at the button that led to it.
      returnFocus={!left}
      title="Halo"
      size={260}
      closeButtonProps={{ 'aria-label': 'Close' }}
      classNames={{ body: classes.body ?? '' }}
    >
      <Navigation
        onLeave={() => {
          setLeft(true);
          onClose();
        }}
      />
    </Drawer>
  );
}
