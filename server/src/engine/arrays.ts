/**
 * PostgreSQL's binary form of one-dimensional arrays. node-postgres writes arrays as escaped text, which
 * costs more Node time than all else in a flight and doubles the bytes of values; a Buffer it sends as it
 * is. The layout is that of `array_send` in PostgreSQL's `arrayfuncs.c`: dimensions, a null flag, the
 * element type, then per dimension length and lower bound, then each element's length and bytes.
 */

const oid = { bool: 16, bytea: 17, int8: 20, int4: 23, text: 25, timestamptz: 1184 } as const;

const headBytes = 20;
const nullLength = -1;
/** PostgreSQL counts microseconds from 2000-01-01. */
const epochMs = 946_684_800_000;
const highUnit = 2 ** 32;

/** An `int8[]`; numbers must be safe integers, text is parsed as decimal. */
export function int8Array(values: readonly (number | string | null)[]): Buffer {
  const array = fixedArray(oid.int8, values, 8);
  let offset = headBytes;
  for (const value of values) {
    if (value === null) {
      offset += 4;
      continue;
    }
    writeInt8(array, value, offset + 4);
    offset += 12;
  }
  return array;
}

/** An `int4`. */
export function int4(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** An `int8`; a safe integer, or a decimal. */
export function int8(value: number | string): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

/** A `boolean[]` without nulls. */
export function booleanArray(values: readonly boolean[]): Buffer {
  const array = fixedArray(oid.bool, values, 1);
  values.forEach((value, index) => {
    array.writeUInt8(value ? 1 : 0, headBytes + index * 5 + 4);
  });
  return array;
}

/** An `int4[]` without nulls. */
export function int4Array(values: readonly number[]): Buffer {
  const array = fixedArray(oid.int4, values, 4);
  values.forEach((value, index) => {
    array.writeInt32BE(value, headBytes + index * 8 + 4);
  });
  return array;
}

/** A `timestamptz[]` from milliseconds since 1970. */
export function timestampArray(values: readonly (number | null)[]): Buffer {
  const array = fixedArray(oid.timestamptz, values, 8);
  let offset = headBytes;
  for (const value of values) {
    if (value === null) {
      offset += 4;
      continue;
    }
    array.writeBigInt64BE(BigInt(value - epochMs) * 1_000n, offset + 4);
    offset += 12;
  }
  return array;
}

/** A `text[]`. The strings must be well formed and without NUL. */
export function textArray(values: readonly (string | null)[]): Buffer {
  let bytes = headBytes;
  for (const value of values) bytes += 4 + (value === null ? 0 : Buffer.byteLength(value));
  const array = Buffer.allocUnsafe(bytes);
  let offset = writeHead(array, oid.text, values);
  for (const value of values) {
    if (value === null) {
      offset = array.writeInt32BE(nullLength, offset);
      continue;
    }
    const length = array.write(value, offset + 4);
    array.writeInt32BE(length, offset);
    offset += 4 + length;
  }
  return array;
}

/** A `bytea[]`. */
export function byteaArray(values: readonly (Uint8Array | null)[]): Buffer {
  let bytes = headBytes;
  for (const value of values) bytes += 4 + (value?.length ?? 0);
  const array = Buffer.allocUnsafe(bytes);
  let offset = writeHead(array, oid.bytea, values);
  for (const value of values) {
    offset = array.writeInt32BE(value?.length ?? nullLength, offset);
    if (value !== null) {
      array.set(value, offset);
      offset += value.length;
    }
  }
  return array;
}

/** Numbers without making a BigInt of each, which took longer than all else. */
function writeInt8(array: Buffer, value: number | string, offset: number): void {
  if (typeof value === 'string') {
    array.writeBigInt64BE(BigInt(value), offset);
    return;
  }
  const high = Math.floor(value / highUnit);
  array.writeInt32BE(high, offset);
  array.writeUInt32BE(value - high * highUnit, offset + 4);
}

/** Allocates an array of fixed-size elements and writes everything but the elements that are not null. */
function fixedArray(elementOid: number, values: readonly unknown[], elementBytes: number): Buffer {
  let bytes = headBytes;
  for (const value of values) bytes += value === null ? 4 : 4 + elementBytes;
  const array = Buffer.allocUnsafe(bytes);
  let offset = writeHead(array, elementOid, values);
  for (const value of values) {
    array.writeInt32BE(value === null ? nullLength : elementBytes, offset);
    offset += value === null ? 4 : 4 + elementBytes;
  }
  return array;
}

function writeHead(array: Buffer, elementOid: number, values: readonly unknown[]): number {
  array.writeInt32BE(1, 0);
  array.writeInt32BE(values.includes(null) ? 1 : 0, 4);
  array.writeInt32BE(elementOid, 8);
  array.writeInt32BE(values.length, 12);
  return array.writeInt32BE(1, 16);
}
