import { Tabs } from '@mantine/core';
import type { ReactNode } from 'react';
import { type KeyTab, useKeysSearch } from '../keys-search.js';
import classes from './detail-tabs.module.css';

const tabs: readonly { readonly value: KeyTab; readonly label: string }[] = [
  { value: 'value', label: 'Value' },
  { value: 'history', label: 'History' },
  { value: 'metadata', label: 'Metadata' },
  { value: 'code', label: 'Code' },
];

/** The sides of a key, of which the address names the one that is shown. */
export function DetailTabs({ children }: { readonly children: ReactNode }) {
  const { tab, setTab } = useKeysSearch();
  return (
    <Tabs
      value={tab}
      onChange={(next) => {
        const chosen = tabs.find(({ value }) => value === next);
        if (chosen !== undefined && chosen.value !== tab) void setTab(chosen.value);
      }}
      // With the arrows one passes over tabs that one does not want, and each would be a step for Back.
      activateTabWithKeyboard={false}
      keepMounted={false}
      classNames={{ root: classes.root ?? '', list: classes.list ?? '', tab: classes.tab ?? '' }}
    >
      <Tabs.List aria-label="Sides of this key">
        {tabs.map(({ value, label }) => (
          <Tabs.Tab key={value} value={value}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map(({ value }) => (
        <Tabs.Panel key={value} value={value} className={classes.panel ?? ''}>
          {children}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
