import { keyFault, limits } from 'halo-contract';

/** Where a scan begins, and what says that it is over. */
export const scanStart = '0';

/** The digits of a cursor behind the longest key. */
const digitsMax = Math.ceil((limits.keyBytesMax + 1) * Math.log10(256)) + 1;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A list's cursor as digits, which is what clients of Redis expect of one. Nothing is remembered between the pages
 * of a scan: the digits are the bytes of the last key behind a leading 1, read as one number.
 *
 * @param listCursor as the engine wrote it: base64url; undefined after the last page
 */
export function writeScanCursor(listCursor: string | undefined): string {
  if (listCursor === undefined) return scanStart;
  return String(BigInt(`0x1${Buffer.from(listCursor, 'base64url').toString('hex')}`));
}

/** @returns the list's cursor; undefined at the start */
export function readScanCursor(cursor: string): string | undefined {
  return bytesOf(cursor)?.toString('base64url');
}

/** Whether a text is a cursor that `writeScanCursor` may have written. */
export function isCursor(text: string): boolean {
  if (text === scanStart) return true;
  const bytes = bytesOf(text);
  if (bytes === undefined) return false;
  try {
    return keyFault(decoder.decode(bytes)) === undefined;
  } catch {
    return false;
  }
}

function bytesOf(cursor: string): Buffer | undefined {
  if (cursor.length > digitsMax || !/^[1-9]\d*$/.test(cursor)) return undefined;
  const hex = BigInt(cursor).toString(16);
  return hex.startsWith('1') && hex.length % 2 === 1 ? Buffer.from(hex.slice(1), 'hex') : undefined;
}
