import {
  IconActivity,
  IconApi,
  IconChartBar,
  IconDevices,
  IconKey,
  IconPalette,
  IconTransfer,
  IconTrash,
  IconUser,
} from '@tabler/icons-react';

/** The screens of a person who is logged in, in the order of the navigation. */
export const screens = [
  { to: '/keys', label: 'Keys', Icon: IconKey, group: 'data' },
  { to: '/trash', label: 'Trash', Icon: IconTrash, group: 'data' },
  { to: '/transfer', label: 'Transfer', Icon: IconTransfer, group: 'data' },
  { to: '/activity', label: 'Activity', Icon: IconActivity, group: 'data' },
  { to: '/usage', label: 'Usage', Icon: IconChartBar, group: 'data' },
  { to: '/settings/profile', label: 'Profile', Icon: IconUser, group: 'settings' },
  { to: '/settings/tokens', label: 'API tokens', Icon: IconApi, group: 'settings' },
  { to: '/settings/sessions', label: 'Sessions', Icon: IconDevices, group: 'settings' },
  { to: '/settings/appearance', label: 'Appearance', Icon: IconPalette, group: 'settings' },
] as const;
