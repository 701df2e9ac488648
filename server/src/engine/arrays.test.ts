import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../database/test-database.js';
import { byteaArray, int4Array, int8Array, textArray, timestampArray } from './arrays.js';

const { database, drop } = await createTestDatabase();
afterAll(drop);

/** Sends an array to PostgreSQL and reads its elements back as text. */
async function echo(type: string, array: Buffer): Promise<(string | null)[]> {
  const text = `select e.x::text from unnest($1::${type}[]) with ordinality as e (x, n) order by n`;
  const { rows } = await database.readers.query<{ x: string | null }>(text, [array]);
  return rows.map((row) => row.x);
}

const nullable = <Value>(values: fc.Arbitrary<Value>) =>
  fc.array(fc.option(values, { nil: null }), { maxLength: 20 });

describe('binary arrays arrive in PostgreSQL as they were sent', () => {
  test('of int8, from numbers and from decimal text', async () => {
    const limit = 2n ** 63n;
    const value = fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -limit, max: limit - 1n }).map(String));
    await fc.assert(
      fc.asyncProperty(nullable(value), async (values) => {
        expect(await echo('bigint', int8Array(values))).toEqual(
          values.map((item) => (item === null ? null : String(item))),
        );
      }),
      { numRuns: 50 },
    );
  });

  test('of int4', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer()), async (values) => {
        expect(await echo('int', int4Array(values))).toEqual(values.map(String));
      }),
      { numRuns: 50 },
    );
  });

  test('of text, whatever its script', async () => {
    const text = fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\0', ''));
    await fc.assert(
      fc.asyncProperty(nullable(text), async (values) => {
        expect(await echo('text', textArray(values))).toEqual(values);
      }),
      { numRuns: 50 },
    );
  });

  test('of bytea', async () => {
    await fc.assert(
      fc.asyncProperty(nullable(fc.uint8Array({ maxLength: 300 })), async (values) => {
        const hex = values.map((value) =>
          value === null ? null : `\\x${Buffer.from(value).toString('hex')}`,
        );
        expect(await echo('bytea', byteaArray(values))).toEqual(hex);
      }),
      { numRuns: 50 },
    );
  });

  test('of timestamptz, to the millisecond', async () => {
    const instants = [0, 946_684_800_000, 1_700_000_000_123, 253_402_300_799_999, null];
    expect(await echo('timestamptz', timestampArray(instants))).toEqual([
      '1970-01-01 00:00:00+00',
      '2000-01-01 00:00:00+00',
      '2023-11-14 22:13:20.123+00',
      '9999-12-31 23:59:59.999+00',
      null,
    ]);
  });
});
