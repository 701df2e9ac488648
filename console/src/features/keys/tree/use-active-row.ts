import { type FocusEvent, type RefObject, useEffect, useRef, useState } from 'react';
import type { TreeRow } from './rows.js';

interface Active {
  readonly id: string;
  readonly index: number;
}

/**
 * Keeps the one row that Tab leads to and the arrows start from. It follows its row when others come and go above,
 * and when the row itself goes its neighbour takes over, with the focus if it had it.
 */
export function useActiveRow(ref: RefObject<HTMLDivElement | null>, rows: readonly TreeRow[]) {
  const [active, setActive] = useState<Active>({ id: '', index: 0 });
  const hasFocus = useRef(false);
  const wantsFocus = useRef(false);
  const isThere = rows[active.index]?.id === active.id;
  const found = isThere ? active.index : rows.findIndex(({ id }) => id === active.id);
  const index = found === -1 ? restingIndex(rows, active.index) : found;

  const set = (next: number): void => setActive({ id: rows[next]?.id ?? '', index: next });

  // After every render: the row to be focused may only just have been drawn.
  useEffect(() => {
    const isLost = hasFocus.current && document.activeElement === document.body;
    if (!wantsFocus.current && !isLost) return;
    const row = ref.current?.querySelector<HTMLElement>(`[data-index="${index}"]`);
    if (row == null) return;
    wantsFocus.current = false;
    row.focus({ preventScroll: true });
  });

  return {
    index,
    set,
    moveTo(next: number): void {
      wantsFocus.current = true;
      set(next);
    },
    onFocus(event: FocusEvent): void {
      hasFocus.current = true;
      const focused = event.target.closest<HTMLElement>('[data-index]')?.dataset.index;
      if (focused !== undefined && Number(focused) !== index) set(Number(focused));
    },
    onBlur(event: FocusEvent): void {
      // A row that was removed has lost the focus against its will, and its neighbour takes it.
      if (event.target.isConnected) hasFocus.current = false;
    },
  };
}

function restingIndex(rows: readonly TreeRow[], index: number): number {
  const last = Math.max(0, Math.min(index, rows.length - 1));
  return rows[last]?.kind === 'gap' && last > 0 ? last - 1 : last;
}
