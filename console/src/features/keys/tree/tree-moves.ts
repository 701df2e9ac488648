import type { KeyboardEvent } from 'react';
import type { TreeRow } from './rows.js';

/** The index to go to, or what to do with the row that has the focus. */
export type TreeMove = number | 'press' | 'menu' | 'expand' | 'collapse';

/**
 * Returns what a key means in the tree, after the tree view pattern of the ARIA Authoring Practices; undefined
 * when it means nothing here. `pageRows` is how far Page Up and Page Down go.
 */
export function treeMove(
  { key, shiftKey }: Pick<KeyboardEvent, 'key' | 'shiftKey'>,
  rows: readonly TreeRow[],
  index: number,
  pageRows: number,
): TreeMove | undefined {
  const row = rows[index];
  const group = row?.kind === 'group' ? row : undefined;
  switch (key) {
    case 'ArrowDown':
      return stepFrom(rows, index, 1);
    case 'ArrowUp':
      return stepFrom(rows, index, -1);
    case 'PageDown':
      return nearestTo(rows, Math.min(rows.length - 1, index + pageRows));
    case 'PageUp':
      return nearestTo(rows, Math.max(0, index - pageRows));
    case 'Home':
      return nearestTo(rows, 0);
    case 'End':
      return nearestTo(rows, rows.length - 1);
    case 'ArrowRight':
      if (group === undefined) return undefined;
      return group.expanded ? childOf(rows, index) : 'expand';
    case 'ArrowLeft':
      return group?.expanded ? 'collapse' : parentOf(rows, index);
    case 'Enter':
    case ' ':
      return 'press';
    case 'ContextMenu':
      return 'menu';
    case 'F10':
      return shiftKey ? 'menu' : undefined;
    default:
      return undefined;
  }
}

/** Gaps cannot have the focus, so that a step goes over them. */
function stepFrom(rows: readonly TreeRow[], index: number, step: 1 | -1): number {
  let next = index + step;
  while (rows[next]?.kind === 'gap') next += step;
  return rows[next] === undefined ? index : next;
}

function nearestTo(rows: readonly TreeRow[], index: number): number {
  if (rows[index]?.kind !== 'gap') return index;
  const above = stepFrom(rows, index, -1);
  return above === index ? stepFrom(rows, index, 1) : above;
}

function childOf(rows: readonly TreeRow[], index: number): number | undefined {
  const next = stepFrom(rows, index, 1);
  return (rows[next]?.level ?? 0) > (rows[index]?.level ?? 0) ? next : undefined;
}

function parentOf(rows: readonly TreeRow[], index: number): number | undefined {
  const level = rows[index]?.level ?? 1;
  for (let above = index - 1; above >= 0; above -= 1) {
    if ((rows[above]?.level ?? level) < level) return above;
  }
  return undefined;
}
