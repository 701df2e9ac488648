/**
 * The most cells of the table that compares the differing middle of two texts: 1,000 lines against 1,000.
 * Beyond it the middle is shown as changed throughout, which is true, if coarse.
 */
const tableCellsMax = 1_000_000;

export interface DiffRow {
  /** The line on the left, or undefined where only the right has one. */
  readonly left: string | undefined;
  readonly right: string | undefined;
  readonly same: boolean;
}

/** Returns two texts as rows of lines side by side, with lines in common on the same row. */
export function lineDiff(left: string, right: string): DiffRow[] {
  const a = left.split('\n');
  const b = right.split('\n');
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  const tailMax = Math.min(a.length, b.length) - head;
  while (tail < tailMax && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;

  const same = (line: string): DiffRow => ({ left: line, right: line, same: true });
  return [
    ...a.slice(0, head).map(same),
    ...diffMiddle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same),
  ];
}

function diffMiddle(a: string[], b: string[]): DiffRow[] {
  if (a.length * b.length > tableCellsMax) return pairUp(a, b);
  const width = b.length + 1;
  // common[i * width + j] is how many lines a[i..] and b[j..] have in common, in order.
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const below = common[(i + 1) * width + j] ?? 0;
      const beside = common[i * width + j + 1] ?? 0;
      const diagonal = common[(i + 1) * width + j + 1] ?? 0;
      common[i * width + j] = a[i] === b[j] ? diagonal + 1 : Math.max(below, beside);
    }
  }
  const rows: DiffRow[] = [];
  let removed: string[] = [];
  let added: string[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const line = a[i];
    if (line !== undefined && line === b[j]) {
      rows.push(...pairUp(removed, added), { left: line, right: line, same: true });
      removed = [];
      added = [];
      i += 1;
      j += 1;
    } else if (line !== undefined && (j === b.length || goDown(i, j))) {
      removed.push(line);
      i += 1;
    } else {
      added.push(b[j] ?? '');
      j += 1;
    }
  }
  return [...rows, ...pairUp(removed, added)];

  function goDown(i: number, j: number): boolean {
    return (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0);
  }
}

function pairUp(removed: string[], added: string[]): DiffRow[] {
  return Array.from({ length: Math.max(removed.length, added.length) }, (_, index) => ({
    left: removed[index],
    right: added[index],
    same: false,
  }));
}
