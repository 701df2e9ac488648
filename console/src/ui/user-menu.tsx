import { Button, Menu } from '@mantine/core';
import { IconChevronDown, IconLogout } from '@tabler/icons-react';
import { useState } from 'react';
import { session } from '../session/browser-session.js';
import { DiscardDialog } from './discard-dialog.js';
import { toastFailure } from './toast.js';
import classes from './user-menu.module.css';

/** The account's name, and the way out. */
export function UserMenu({ name }: { readonly name: string }) {
  const [asking, setAsking] = useState(false);
  const [pending, setPending] = useState(false);

  async function logOut() {
    setAsking(false);
    setPending(true);
    try {
      await session.logOut();
    } catch (error) {
      toastFailure('You are still logged in', error);
    } finally {
      setPending(false);
    }
  }

  return (
    <>
      <Menu>
        <Menu.Target>
          <Button
            variant="default"
            rightSection={<IconChevronDown size={14} aria-hidden />}
            loading={pending}
          >
            <span className={classes.name}>{name}</span>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            data-autofocus
            leftSection={<IconLogout size={16} aria-hidden />}
            onClick={() => (session.hasDraft ? setAsking(true) : logOut())}
          >
            Log out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <DiscardDialog opened={asking} onDiscard={logOut} onKeep={() => setAsking(false)} />
    </>
  );
}
