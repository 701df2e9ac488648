import { useMantineColorScheme } from '@mantine/core';
import {
  IconBook2,
  IconDeviceDesktop,
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconPlus,
  IconSun,
  type TablerIcon,
} from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useFrame } from '../../ui/frame-context.js';
import { screens } from '../../ui/screens.js';
import type { PaletteItem } from './palette-items.js';

export interface Command extends PaletteItem {
  readonly Icon: TablerIcon;
  readonly run: () => void;
  /** Whether it leads somewhere else, where the focus then belongs. */
  readonly leaves?: boolean;
}

/** Everything that can be gone to or done from anywhere. */
export function useCommands(onLogOut: () => void): { readonly goTo: Command[]; readonly act: Command[] } {
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const { showShortcuts } = useFrame();
  return {
    goTo: screens.map(({ to, label, Icon, group }) => ({
      id: to,
      label,
      keywords: group === 'settings' ? 'go to settings' : 'go to',
      Icon,
      leaves: true,
      run: () => void navigate({ to }),
    })),
    act: [
      {
        id: 'new',
        label: 'New key',
        keywords: 'create set add value',
        Icon: IconPlus,
        leaves: true,
        run: () => void navigate({ to: '/keys', search: { new: '' } }),
      },
      {
        id: 'light',
        label: 'Light theme',
        keywords: 'colour scheme appearance',
        Icon: IconSun,
        run: () => setColorScheme('light'),
      },
      {
        id: 'dark',
        label: 'Dark theme',
        keywords: 'colour scheme appearance',
        Icon: IconMoon,
        run: () => setColorScheme('dark'),
      },
      {
        id: 'auto',
        label: 'Theme as the system',
        keywords: 'colour scheme appearance auto',
        Icon: IconDeviceDesktop,
        run: () => setColorScheme('auto'),
      },
      {
        id: 'shortcuts',
        label: 'Keyboard shortcuts',
        keywords: 'help keys',
        Icon: IconKeyboard,
        leaves: true,
        run: showShortcuts,
      },
      {
        id: 'docs',
        label: 'API reference',
        keywords: 'docs documentation help openapi',
        Icon: IconBook2,
        leaves: true,
        run: () => window.location.assign('/docs'),
      },
      {
        id: 'log-out',
        label: 'Log out',
        keywords: 'sign exit leave',
        Icon: IconLogout,
        leaves: true,
        run: onLogOut,
      },
    ],
  };
}
