/**
 * Returns the text that bytes are in UTF-8, or undefined when they are not UTF-8. A byte order mark is
 * kept, so that encoding the text again yields the very same bytes.
 */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Returns at most the first `bytesMax` bytes, cut back to where no UTF-8 character is torn. */
export function previewBytes(bytes: Uint8Array, bytesMax: number): Uint8Array {
  if (bytes.length <= bytesMax) return bytes;
  let end = bytesMax;
  // A character is at most four bytes, so three steps back always find its first one.
  for (let step = 0; step < 3 && isContinuation(bytes[end]); step += 1) end -= 1;
  return bytes.subarray(0, end);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/**
 * Returns the line separator with which an editor splits and joins this text without changing a byte:
 * CRLF only if every line ends with it, else LF, which leaves a stray CR as a character in its line.
 */
export function lineSeparatorOf(text: string): '\n' | '\r\n' {
  const lines = text.split('\n').length - 1;
  return lines > 0 && text.split('\r\n').length - 1 === lines ? '\r\n' : '\n';
}

export type ContentKind = 'json' | 'text' | 'other';

/** Returns what a content type is for the purpose of highlighting; a `+json` suffix counts as JSON. */
export function contentKind(contentType: string): ContentKind {
  const essence = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (essence === 'application/json' || essence.endsWith('+json')) return 'json';
  return essence.startsWith('text/') ? 'text' : 'other';
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
