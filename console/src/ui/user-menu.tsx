import { Button, Menu } from '@mantine/core';
import { IconChevronDown, IconLogout } from '@tabler/icons-react';
import { useLogOut } from './use-log-out.js';
import classes from './user-menu.module.css';

/** The account's name, and the way out. */
export function UserMenu({ name }: { readonly name: string }) {
  const { logOut, pending, dialog } = useLogOut();
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
          <Menu.Item data-autofocus leftSection={<IconLogout size={16} aria-hidden />} onClick={logOut}>
            Log out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {dialog}
    </>
  );
}
