/** Bytes in a row: the width of `xxd` and `hexdump -C`, which readers of hex know. */
const hexRowBytes = 16;

export interface HexRow {
  readonly offset: string;
  readonly hex: string;
  readonly text: string;
}

/** Returns the rows of a hex view, each with its offset, two-digit bytes in two groups, and printable ASCII. */
export function hexDump(bytes: Uint8Array): HexRow[] {
  const rows: HexRow[] = [];
  for (let start = 0; start < bytes.length; start += hexRowBytes) {
    const row = bytes.subarray(start, start + hexRowBytes);
    rows.push({
      offset: start.toString(16).padStart(8, '0'),
      hex: `${hexGroup(row.subarray(0, 8))}  ${hexGroup(row.subarray(8))}`.trimEnd(),
      text: Array.from(row, printable).join(''),
    });
  }
  return rows;
}

function hexGroup(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

function printable(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
}
