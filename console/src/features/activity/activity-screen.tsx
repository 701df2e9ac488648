import { Tabs } from '@mantine/core';
import '@mantine/core/styles/Tabs.css';
import { getRouteApi } from '@tanstack/react-router';
import { Screen } from '../../ui/screen.js';
import classes from './activity-screen.module.css';
import { readActivitySearch } from './activity-search.js';
import { ChangesTab } from './changes-tab.js';
import { SecurityTab } from './security-tab.js';

const route = getRouteApi('/member/activity');

/** What has happened: to the keys, and to the account. */
export function ActivityScreen() {
  // The router hands on what validation has left out, too.
  const { tab = 'changes' } = readActivitySearch({ ...route.useSearch() });
  const navigate = route.useNavigate();
  return (
    <Screen title="Activity" lead="What has happened to your keys and to your account.">
      <Tabs
        value={tab}
        onChange={(value) => navigate({ search: value === 'security' ? { tab: 'security' } : {} })}
        keepMounted={false}
      >
        <Tabs.List aria-label="Activity">
          <Tabs.Tab value="changes">Changes</Tabs.Tab>
          <Tabs.Tab value="security">Security</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="changes" className={classes.panel ?? ''}>
          <ChangesTab />
        </Tabs.Panel>
        <Tabs.Panel value="security" className={classes.panel ?? ''}>
          <SecurityTab />
        </Tabs.Panel>
      </Tabs>
    </Screen>
  );
}
