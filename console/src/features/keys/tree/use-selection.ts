import { useState } from 'react';
import type { KeyRow, TreeRow } from './rows.js';
import type { Checked } from './tree-row.js';

/** Keys that were chosen to be deleted together, each at the revision that was seen. */
export type Selected = ReadonlyMap<string, number>;

export type Selection = ReturnType<typeof useSelection>;

const none: Selected = new Map();

/** Returns which keys are selected, in a mode of its own, so that no click selects by accident. */
export function useSelection() {
  const [selected, setSelected] = useState<Selected>();
  const [anchor, setAnchor] = useState<string>();

  return {
    isOn: selected !== undefined,
    selected: selected ?? none,
    start(row?: KeyRow): void {
      setSelected(row === undefined ? none : new Map([[row.entry.key, row.entry.revision]]));
      setAnchor(row?.id);
    },
    stop(): void {
      setSelected(undefined);
      setAnchor(undefined);
    },
    toggle(row: KeyRow): void {
      setAnchor(row.id);
      const next = new Map(selected);
      if (!next.delete(row.entry.key)) next.set(row.entry.key, row.entry.revision);
      setSelected(next);
    },
    /** Selects all keys from where the last one was selected to this row. */
    extendTo(index: number, rows: readonly TreeRow[]): void {
      const from = Math.max(
        0,
        rows.findIndex(({ id }) => id === anchor),
      );
      const range = rows.slice(Math.min(from, index), Math.max(from, index) + 1);
      setSelected(new Map([...(selected ?? none), ...range.flatMap(revisionOf)]));
    },
    add(entries: Selected): void {
      setSelected((now) => new Map([...(now ?? none), ...entries]));
    },
    /** Selects nothing that begins with the prefix. */
    drop(prefix: string): void {
      setSelected(new Map([...(selected ?? none)].filter(([key]) => !key.startsWith(prefix))));
    },
    isChecked(row: TreeRow): Checked {
      if (selected === undefined || row.kind === 'gap') return undefined;
      if (row.kind === 'key') return selected.has(row.entry.key);
      const { prefix, count, more } = row.group;
      let within = 0;
      for (const key of selected.keys()) if (key.startsWith(prefix)) within += 1;
      return within === 0 ? false : !more && within >= count ? true : 'mixed';
    },
  };
}

function revisionOf(row: TreeRow): [string, number][] {
  return row.kind === 'key' ? [[row.entry.key, row.entry.revision]] : [];
}
