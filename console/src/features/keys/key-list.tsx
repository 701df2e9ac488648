import { useMediaQuery } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { Entry } from 'halo-contract';
import { type KeyboardEvent, type RefObject, useEffect, useEffectEvent, useState } from 'react';
import classes from './key-list.module.css';
import { KeyRow, rowId } from './key-row.js';
import { useKeysSearch } from './keys-search.js';
import type { useKeyList } from './queries.js';

/** Rows drawn beyond the window on either side, so that scrolling finds them there. */
const overscanRows = 8;

/** The next page is asked for when the last row drawn is this near to the end of what is loaded. */
const fetchAheadRows = 60;

export interface KeyListProps {
  readonly ref: RefObject<HTMLDivElement | null>;
  readonly entries: readonly Entry[];
  readonly list: ReturnType<typeof useKeyList>;
  readonly openKey: string | undefined;
}

/** The rows in view, of any number. One stop for Tab; the arrows move within. */
export function KeyList({ ref, entries, list, openKey }: KeyListProps) {
  const { open } = useKeysSearch();
  const rowHeight = useMediaQuery('(max-width: 767px), (pointer: coarse)', undefined, {
    getInitialValueInEffect: false,
  })
    ? 44
    : 30;
  const [active, setActive] = useState(() =>
    Math.max(
      0,
      entries.findIndex(({ key }) => key === openKey),
    ),
  );
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => ref.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => entries[index]?.key ?? index,
    overscan: overscanRows,
  });
  const items = rows.getVirtualItems();
  const lastDrawn = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = list;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the virtualizer keeps old sizes until told.
  useEffect(() => rows.measure(), [rows, rowHeight]);
  useEffect(() => {
    const near = lastDrawn >= entries.length - fetchAheadRows;
    if (near && hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [lastDrawn, entries.length, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);

  const revealOpen = useEffectEvent(() => rows.scrollToIndex(active));
  // A reload comes back to the key that is open, if it is among the first that are loaded.
  useEffect(() => revealOpen(), []);

  const current = Math.min(active, entries.length - 1);
  const page = Math.max(1, Math.floor((rows.scrollRect?.height ?? 0) / rowHeight) - 1);

  function onKeyDown(event: KeyboardEvent) {
    const moves: Record<string, number> = {
      ArrowDown: current + 1,
      ArrowUp: current - 1,
      PageDown: current + page,
      PageUp: current - page,
      Home: 0,
      End: entries.length - 1,
    };
    const target = moves[event.key];
    const entry = entries[current];
    if (target !== undefined) {
      const next = Math.max(0, Math.min(entries.length - 1, target));
      setActive(next);
      rows.scrollToIndex(next);
    } else if ((event.key === 'Enter' || event.key === ' ') && entry !== undefined) {
      void open(entry.key);
    } else return;
    event.preventDefault();
  }

  return (
    <div
      ref={ref}
      className={classes.scroll}
      role="listbox"
      aria-label="Keys"
      tabIndex={0}
      aria-activedescendant={items.some(({ index }) => index === current) ? rowId(current) : undefined}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {items.map(({ index, start, size }) => {
          const entry = entries[index];
          return entry === undefined ? null : (
            <KeyRow
              key={entry.key}
              entry={entry}
              index={index}
              top={start}
              height={size}
              active={index === current}
              open={entry.key === openKey}
              onOpen={() => setActive(index)}
            />
          );
        })}
      </div>
    </div>
  );
}
