/**
 * Reads PostgreSQL's binary form of one-dimensional arrays, as `arrays.ts` writes it. A flight's answer comes as one
 * row of such arrays: a row for each of its keys would cost both sides more than finding the keys.
 */

const dimensionsBytes = 12;
const headBytes = dimensionsBytes + 8;
/** PostgreSQL counts microseconds from 2000-01-01. */
const epochMs = 946_684_800_000;
const highUnit = 2 ** 32;

/** An empty array has no dimension, and null stands for no array at all: there was no row to aggregate. */
export type ArrayBytes = Buffer | null | undefined;

/** Of an `int8[]`; safe integers only. */
export function readInt8Array(array: ArrayBytes): (number | null)[] {
  return readArray(array, readInt8);
}

/** Of a `timestamptz[]`, in milliseconds since 1970. */
export function readTimestampArray(array: ArrayBytes): (number | null)[] {
  return readArray(array, readTimestamp);
}

/** Of a `boolean[]`. */
export function readBooleanArray(array: ArrayBytes): (boolean | null)[] {
  return readArray(array, (bytes, offset) => bytes[offset] === 1);
}

/** Of a `text[]`. */
export function readTextArray(array: ArrayBytes): (string | null)[] {
  return readArray(array, (bytes, offset, length) => bytes.toString('utf8', offset, offset + length));
}

/** Of a `bytea[]`. Each element is a copy: one that is kept must not keep all the others. */
export function readByteaArray(array: ArrayBytes): (Buffer | null)[] {
  return readArray(array, (bytes, offset, length) => Buffer.from(bytes.subarray(offset, offset + length)));
}

/** An `int8`; a safe integer. */
function readInt8(bytes: Buffer, offset = 0): number {
  return bytes.readInt32BE(offset) * highUnit + bytes.readUInt32BE(offset + 4);
}

/** A `timestamptz`, in milliseconds since 1970. */
export function readTimestamp(bytes: Buffer, offset = 0): number {
  return readInt8(bytes, offset) / 1_000 + epochMs;
}

function readArray<Element>(
  array: ArrayBytes,
  read: (bytes: Buffer, offset: number, length: number) => Element,
): (Element | null)[] {
  if (array == null || array.readInt32BE(0) === 0) return [];
  const elements = new Array<Element | null>(array.readInt32BE(dimensionsBytes));
  let offset = headBytes;
  for (let index = 0; index < elements.length; index += 1) {
    const length = array.readInt32BE(offset);
    offset += 4;
    elements[index] = length < 0 ? null : read(array, offset, length);
    offset += Math.max(0, length);
  }
  return elements;
}
