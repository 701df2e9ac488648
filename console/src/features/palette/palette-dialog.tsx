import { createSpotlight, Spotlight } from '@mantine/spotlight';
import '@mantine/spotlight/styles.css';
import { IconKey, IconSearch } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useId, useRef, useState } from 'react';
import { explain } from '../../explain.js';
import { visibleKey } from '../../ui/visible-key.js';
import classes from './palette-dialog.module.css';
import { matchingItems } from './palette-items.js';
import { type Command, useCommands } from './use-commands.js';
import { useFoundKeys } from './use-found-keys.js';

const [store, palette] = createSpotlight();

export interface PaletteDialogProps {
  /** How often it has been asked for; each time it opens. */
  readonly asked: number;
  readonly onLogOut: () => void;
}

/** A field, and below it what begins with what is typed: keys, screens, commands. The arrows choose, Enter goes. */
export function PaletteDialog({ asked, onLogOut }: PaletteDialogProps) {
  const [query, setQuery] = useState('');
  const [leaves, setLeaves] = useState(false);
  const list = useRef<HTMLDivElement>(null);
  const listId = useId();
  const [selected, setSelected] = useState(-1);
  const { groups, found } = useGroups(query, onLogOut);
  const ids = groups.flatMap(({ items }) => items.map(({ id }) => id));

  // biome-ignore lint/correctness/useExhaustiveDependencies: each time it is asked for, it opens.
  useEffect(() => {
    setLeaves(false);
    palette.open();
  }, [asked]);

  // Spotlight marks what is chosen in the page itself and tells nobody, so that the page is what has to be watched.
  const watchList = useCallback((element: HTMLDivElement | null) => {
    list.current = element;
    if (element === null) return;
    const observer = new MutationObserver(() => {
      const options = [...element.querySelectorAll('[data-action]')];
      setSelected(options.findIndex((option) => option.hasAttribute('data-selected')));
    });
    observer.observe(element, { subtree: true, childList: true, attributeFilter: ['data-selected'] });
    return () => observer.disconnect();
  }, []);

  // The first is chosen whenever others are found.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it depends on what is listed.
  useEffect(() => {
    const options = list.current?.querySelectorAll('[data-action]') ?? [];
    for (const [index, option] of options.entries()) {
      if (index === 0) option.setAttribute('data-selected', 'true');
      else option.removeAttribute('data-selected');
    }
    store.updateState((state) => ({ ...state, selected: options.length === 0 ? -1 : 0 }));
  }, [ids.join('\n')]);

  return (
    <Spotlight.Root
      store={store}
      shortcut={null}
      query={query}
      onQueryChange={setQuery}
      title={undefined}
      aria-label="Search or jump to"
      returnFocus={!leaves}
      overlayProps={{ backgroundOpacity: 0.35 }}
      transitionProps={{ duration: 100, transition: 'fade' }}
      classNames={{
        content: classes.content ?? '',
        search: classes.search ?? '',
        actionsList: classes.list ?? '',
        actionsGroup: classes.group ?? '',
        action: classes.action ?? '',
        actionLabel: classes.label ?? '',
        actionBody: classes.body ?? '',
        empty: classes.empty ?? '',
      }}
    >
      <Spotlight.Search
        placeholder="Type a key’s beginning, a screen or a command"
        aria-label="Search or jump to"
        role="combobox"
        aria-expanded={ids.length > 0}
        aria-controls={ids.length > 0 ? listId : undefined}
        aria-activedescendant={
          selected >= 0 && selected < ids.length ? optionId(listId, selected) : undefined
        }
        aria-autocomplete="list"
        autoComplete="off"
        spellCheck={false}
        leftSection={<IconSearch size={18} aria-hidden />}
      />
      {ids.length === 0 ? null : (
        <Spotlight.ActionsList ref={watchList} id={listId} role="listbox" aria-label="Found">
          {groups.map(({ title, items }, group) => (
            <Spotlight.ActionsGroup key={title} label={title} role="group" aria-label={title}>
              {items.map((command, index) => {
                const at = groups.slice(0, group).reduce((sum, { items }) => sum + items.length, index);
                return (
                  <Option
                    key={command.id}
                    id={optionId(listId, at)}
                    command={command}
                    selected={at === selected}
                    onRun={() => setLeaves(command.leaves ?? false)}
                  />
                );
              })}
            </Spotlight.ActionsGroup>
          ))}
        </Spotlight.ActionsList>
      )}
      <div role="status">
        {found.error !== null && found.error !== undefined ? (
          <Spotlight.Empty>Keys could not be searched. {explain(found.error).detail}</Spotlight.Empty>
        ) : ids.length > 0 ? null : (
          <Spotlight.Empty>{found.pending ? 'Searching…' : 'Nothing begins like this.'}</Spotlight.Empty>
        )}
      </div>
    </Spotlight.Root>
  );
}

const optionId = (listId: string, index: number) => `${listId}-${index}`;

interface Group {
  readonly title: string;
  readonly items: readonly Command[];
}

function useGroups(query: string, onLogOut: () => void) {
  const navigate = useNavigate();
  const { goTo, act } = useCommands(onLogOut);
  const found = useFoundKeys(query);
  const keys = found.keys.map(
    (key): Command => ({
      id: `key ${key}`,
      label: visibleKey(key),
      Icon: IconKey,
      mono: true,
      leaves: true,
      run: () => void navigate({ to: '/keys', search: { key } }),
    }),
  );
  const groups: Group[] = [
    { title: 'Keys', items: keys },
    { title: 'Go to', items: matchingItems(goTo, query) },
    { title: 'Commands', items: matchingItems(act, query) },
  ];
  return { groups: groups.filter(({ items }) => items.length > 0), found };
}

interface OptionProps {
  readonly id: string;
  readonly command: Command;
  readonly selected: boolean;
  readonly onRun: () => void;
}

function Option({ id, command, selected, onRun }: OptionProps) {
  const { label, Icon, run } = command;
  return (
    <Spotlight.Action
      // Spotlight keeps the id it is given to itself, but the field has to name what is chosen.
      ref={(element: HTMLButtonElement | null) => {
        if (element !== null) element.id = id;
      }}
      role="option"
      aria-selected={selected}
      label={label}
      data-mono={command.mono ?? false}
      leftSection={<Icon size={16} aria-hidden />}
      onClick={() => {
        onRun();
        run();
      }}
    />
  );
}
