import { useMemo } from 'react';
import { type DiffRow, lineDiff } from './line-diff.js';
import classes from './side-by-side.module.css';

/** Unchanged lines kept around a change, so that one sees where it is. */
const contextLines = 3;

export interface SideBySideProps {
  readonly left: string;
  readonly right: string;
  readonly leftTitle: string;
  readonly rightTitle: string;
}

/** Two texts line by line, with what differs marked and long runs of the same folded. */
export function SideBySide({ left, right, leftTitle, rightTitle }: SideBySideProps) {
  const rows = useMemo(() => fold(lineDiff(left, right)), [left, right]);
  return (
    <div className={classes.sides}>
      <Side title={leftTitle} kind="theirs" rows={rows} pick={(row) => row.left} />
      <Side title={rightTitle} kind="mine" rows={rows} pick={(row) => row.right} />
    </div>
  );
}

interface SideProps {
  readonly title: string;
  readonly kind: 'theirs' | 'mine';
  readonly rows: readonly FoldedRow[];
  readonly pick: (row: DiffRow) => string | undefined;
}

function Side({ title, kind, rows, pick }: SideProps) {
  return (
    <div className={classes.side}>
      <h3 className={classes.title}>{title}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section className={classes.lines} tabIndex={0} aria-label={title}>
        <div className={classes.sheet}>
          {rows.map((row) =>
            'folded' in row ? (
              <div key={row.id} className={classes.folded}>
                {row.folded} unchanged lines
              </div>
            ) : (
              <Line key={row.id} kind={kind} row={row} text={pick(row)} />
            ),
          )}
        </div>
      </section>
    </div>
  );
}

interface LineProps {
  readonly kind: 'theirs' | 'mine';
  readonly row: DiffRow;
  readonly text: string | undefined;
}

function Line({ kind, row, text }: LineProps) {
  const state = row.same ? 'same' : text === undefined ? 'filler' : kind;
  return (
    <div className={classes.line} data-state={state}>
      {/* Colour alone would not tell what differs. */}
      <span className={classes.mark}>{state === 'mine' ? '+' : state === 'theirs' ? '−' : ' '}</span>
      {text ?? ''}
    </div>
  );
}

type FoldedRow = (DiffRow & { readonly id: number }) | { readonly id: number; readonly folded: number };

function fold(rows: readonly DiffRow[]): FoldedRow[] {
  const near = new Uint8Array(rows.length);
  rows.forEach((row, index) => {
    if (!row.same) near.fill(1, Math.max(0, index - contextLines), index + contextLines + 1);
  });
  const folded: FoldedRow[] = [];
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index];
    if (row === undefined) continue;
    let end = index;
    while (end < rows.length && near[end] === 0) end += 1;
    // A single line takes no more room than the note that would replace it.
    if (end - index > 1) {
      folded.push({ id: index, folded: end - index });
      index = end - 1;
    } else folded.push({ ...row, id: index });
  }
  return folded;
}
