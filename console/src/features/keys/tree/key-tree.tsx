import { Skeleton } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import {
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  type RefObject,
  useEffect,
} from 'react';
import classes from './key-tree.module.css';
import type { Marks } from './list-cache.js';
import type { FocusableRow, GapRow, TreeRow } from './rows.js';
import { treeMove } from './tree-moves.js';
import { TreeRow as Row } from './tree-row.js';
import { useActiveRow } from './use-active-row.js';
import { useReveal } from './use-reveal.js';
import type { Selection } from './use-selection.js';
import { loadMore, type Tree } from './use-tree.js';

/** Rows drawn beyond the window on either side, so that scrolling finds them there. */
const overscanRows = 8;

/** The next page is asked for when its place is this near to the last row drawn. */
const fetchAheadRows = 60;

export interface KeyTreeProps {
  readonly ref: RefObject<HTMLDivElement | null>;
  readonly tree: Tree;
  readonly openKey: string | undefined;
  readonly marks: Marks;
  readonly selection: Selection;
  readonly onOpen: (key: string) => void;
  readonly onCheck: (row: FocusableRow) => void;
  /** The row whose menu is open, and the menu. */
  readonly menuRow: string | undefined;
  readonly menu: ReactNode;
  readonly onMenu: (row: FocusableRow) => void;
}

/** The rows in view, of any number. One stop for Tab; the arrows move within. */
export function KeyTree({ ref, tree, openKey, marks, selection, ...rest }: KeyTreeProps) {
  const { onOpen, onCheck, menuRow, menu, onMenu } = rest;
  const { rows, delimiter } = tree;
  const isTouch = useMediaQuery('(max-width: 767px), (pointer: coarse)', undefined, {
    getInitialValueInEffect: false,
  });
  const rowHeight = isTouch ? 44 : 30;
  const active = useActiveRow(ref, rows);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => ref.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: overscanRows,
    // The row that has the focus stays, however far it is scrolled away: the keyboard goes on from there.
    rangeExtractor: (range) =>
      [...new Set([active.index, ...defaultRangeExtractor(range)])]
        .filter((index) => index < rows.length)
        .sort((a, b) => a - b),
  });
  const items = virtual.getVirtualItems();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the virtualizer keeps old sizes until told.
  useEffect(() => virtual.measure(), [virtual, rowHeight]);
  useGapLoading(tree, virtual.range?.startIndex ?? 0, virtual.range?.endIndex ?? 0);
  useReveal(tree, openKey, (index) => {
    active.set(index);
    virtual.scrollToIndex(index);
  });

  function moveTo(index: number): void {
    active.moveTo(index);
    virtual.scrollToIndex(index);
  }

  function press(row: FocusableRow, index: number, event?: MouseEvent): void {
    active.set(index);
    if (selection.isOn) {
      if (event?.shiftKey === true) selection.extendTo(index, rows);
      else onCheck(row);
    } else if (row.kind === 'group') {
      toggle(row, index);
    } else if (event === undefined) onOpen(row.entry.key);
  }

  function toggle(row: FocusableRow, index: number): void {
    active.set(index);
    if (row.kind === 'key') return;
    if (row.expanded) tree.collapse(row.group.prefix);
    else tree.expand([row.group.prefix]);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const row = rows[active.index];
    if (row === undefined || row.kind === 'gap' || event.ctrlKey || event.metaKey || event.altKey) return;
    const pageRows = Math.max(1, Math.floor((virtual.scrollRect?.height ?? 0) / rowHeight) - 1);
    const move = treeMove(event, rows, active.index, pageRows);
    if (move === undefined) return;
    event.preventDefault();
    if (move === 'press') press(row, active.index);
    else if (move === 'menu') onMenu(row);
    else if (move === 'expand' && row.kind === 'group') tree.expand([row.group.prefix]);
    else if (move === 'collapse' && row.kind === 'group') tree.collapse(row.group.prefix);
    else if (typeof move === 'number') {
      if (event.shiftKey && selection.isOn) selection.extendTo(move, rows);
      moveTo(move);
    }
  }

  return (
    <div ref={ref} className={classes.scroll}>
      <div
        role="tree"
        aria-label="Keys"
        aria-multiselectable={selection.isOn}
        style={{ height: virtual.getTotalSize(), position: 'relative' }}
        onKeyDown={onKeyDown}
        onFocus={active.onFocus}
        onBlur={active.onBlur}
      >
        {items.map(({ index, start, size }) => {
          const row = rows[index];
          if (row === undefined) return null;
          if (row.kind === 'gap') return <Gap key={row.id} row={row} top={start} height={size} />;
          return (
            <Row
              key={row.id}
              row={row}
              index={index}
              top={start}
              height={size}
              delimiter={delimiter}
              active={index === active.index}
              open={row.kind === 'key' && row.entry.key === openKey}
              marked={isMarked(row, marks)}
              checked={selection.isChecked(row)}
              onPress={(event) => press(row, index, event)}
              onToggle={() => toggle(row, index)}
              onMenu={() => {
                active.set(index);
                onMenu(row);
              }}
              menu={row.id === menuRow ? menu : undefined}
            />
          );
        })}
      </div>
    </div>
  );
}

/** Asks for what is missing wherever it is drawn, or is about to be. */
function useGapLoading({ rows, levels }: Tree, first: number, last: number): void {
  useEffect(() => {
    for (const row of rows.slice(first, last + fetchAheadRows)) {
      if (row.kind === 'gap' && !row.failed) loadMore(levels.get(row.prefix));
    }
  }, [rows, levels, first, last]);
}

/** A folder that is closed tells of the changes in it. */
function isMarked(row: TreeRow, marks: Marks): boolean {
  if (marks.size === 0 || row.kind === 'gap') return false;
  if (row.kind === 'key') return marks.has(row.entry.key);
  return !row.expanded && [...marks.keys()].some((key) => key.startsWith(row.group.prefix));
}

interface GapProps {
  readonly row: GapRow;
  readonly top: number;
  readonly height: number;
}

function Gap({ row, top, height }: GapProps) {
  const style = { transform: `translateY(${top}px)`, height, '--level': row.level } as CSSProperties;
  return (
    <div className={classes.gap} style={style} aria-hidden>
      {row.failed ? 'Not loaded' : <Skeleton height={10} width="45%" radius="sm" />}
    </div>
  );
}
