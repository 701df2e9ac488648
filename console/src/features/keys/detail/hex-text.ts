const rowBytes = 16;

/** Bytes that are edited as hex at most: their text is three times as long, and nobody reads more of it. */
export const hexBytesMax = 262_144;

/** Returns bytes as two hex digits each, 16 to a line. */
export function hexOf(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += rowBytes) {
    const row = bytes.subarray(start, start + rowBytes);
    lines.push(Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' '));
  }
  return lines.join('\n');
}

export interface HexFault {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  readonly message: string;
}

/** Returns the bytes that a text spells in hex, whatever the white space between bytes, or what is wrong with it. */
export function bytesOfHex(text: string): { bytes: Uint8Array<ArrayBuffer> } | { fault: HexFault } {
  const bytes = new Uint8Array(Math.ceil(text.length / 2));
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (/\s/.test(character)) continue;
    if (!/[0-9a-fA-F]/.test(character)) return { fault: faultAt(text, at, `“${character}” is no hex digit`) };
    const second = text[at + 1] ?? '';
    if (!/[0-9a-fA-F]/.test(second)) {
      const isOther = second !== '' && !/\s/.test(second);
      return isOther
        ? { fault: faultAt(text, at + 1, `“${second}” is no hex digit`) }
        : { fault: faultAt(text, at, 'a byte has two digits') };
    }
    bytes[length] = Number.parseInt(character + second, 16);
    length += 1;
    at += 1;
  }
  return { bytes: bytes.slice(0, length) };
}

function faultAt(text: string, offset: number, message: string): HexFault {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n'), message };
}
