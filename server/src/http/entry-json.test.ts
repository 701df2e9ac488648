import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ListedEntry } from '../engine/listed-entry.js';
import { pageJson, snapshotJson } from './entry-json.js';

const text = fc.string({ unit: 'binary' });
const instant = fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.toISOString());
const count = fc.maxSafeNat();
/** Text, bytes that are none, and what lies between them. */
const value = fc
  .oneof(fc.uint8Array({ maxLength: 8 }), text)
  .map((content) => (typeof content === 'string' ? Buffer.from(content) : Buffer.from(content)));
const entry: fc.Arbitrary<ListedEntry> = fc.record({
  key: text,
  revision: count,
  size: count,
  contentType: text,
  metadata: fc.option(
    fc.dictionary(text, fc.jsonValue({ maxDepth: 2 })).map((parsed) => JSON.stringify(parsed)),
  ),
  createdAt: instant,
  writtenAt: instant,
  expiresAt: fc.option(instant),
  value: fc.option(value, { nil: undefined }),
});
const group = fc.record({ name: text, count: fc.nat(1_000), more: fc.boolean() });

const sample: ListedEntry = {
  key: 'a',
  revision: 1,
  size: 0,
  contentType: 'text/plain',
  metadata: null,
  createdAt: '2026-01-31T09:30:00.000Z',
  writtenAt: '2026-01-31T09:30:00.000Z',
  expiresAt: null,
  value: undefined,
};
const emptyPage = { entries: [], groups: [], count: undefined, cursor: undefined, revision: 1 };

/** What the wire says of an entry, its value aside. */
function described({
  contentType,
  metadata,
  createdAt,
  writtenAt,
  expiresAt,
  value: _,
  ...same
}: ListedEntry) {
  return {
    ...same,
    content_type: contentType,
    metadata: metadata === null ? null : JSON.parse(metadata),
    created_at: createdAt,
    updated_at: writtenAt,
    expires_at: expiresAt,
  };
}

type Written = { readonly value?: string; readonly value_base64?: string };

function valueIn({ value: written, value_base64: encoded }: Written): Buffer | undefined {
  if (encoded !== undefined) return Buffer.from(encoded, 'base64');
  return written === undefined ? undefined : Buffer.from(written);
}

describe('pageJson', () => {
  test('is JSON with every member of the contract, whatever keys and values hold', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 4 }),
        fc.array(group, { maxLength: 2 }),
        fc.option(count, { nil: undefined }),
        fc.option(text, { nil: undefined }),
        count,
        (entries, groups, counted, cursor, revision) => {
          const { keys, ...rest } = JSON.parse(
            pageJson({ entries, groups, count: counted, cursor, revision }),
          );
          expect(keys.map(({ value: _, value_base64: __, ...others }: Written) => others)).toEqual(
            entries.map(described),
          );
          expect(keys.map(valueIn)).toEqual(entries.map((each) => each.value));
          expect(rest).toEqual({
            prefixes: groups.map(({ name, ...others }) => ({ prefix: name, ...others })),
            ...(counted === undefined ? {} : { count: counted }),
            cursor: cursor ?? null,
            revision,
          });
        },
      ),
    );
  });

  test.each(['{"n":12345678901234567890}', '{ "a" : 1.000 }', '{"__proto__":{"a":1}}', '{"2":1,"1":2}'])(
    'carries the metadata %s as it was sent',
    (metadata) => {
      const page = pageJson({ ...emptyPage, entries: [{ ...sample, metadata }] });
      expect(page).toContain(`"metadata":${metadata},"created_at"`);
    },
  );

  test.each([
    ['', '"value":""'],
    ['é\0"', '"value":"é\\u0000\\""'],
    ['\u{feff}a', '"value":"\u{feff}a"'],
  ])('writes the text %j as text', (content, member) => {
    const page = pageJson({ ...emptyPage, entries: [{ ...sample, value: Buffer.from(content) }] });
    expect(page).toContain(`"expires_at":null,${member}}`);
  });

  test.each(['ff', 'c3', 'eda080', 'f8888080', 'c080'])(
    'writes the bytes %s, which are no UTF-8, in base64',
    (hex) => {
      const bytes = Buffer.from(hex, 'hex');
      const page = pageJson({ ...emptyPage, entries: [{ ...sample, value: bytes }] });
      expect(page).toContain(`"expires_at":null,"value_base64":"${bytes.toString('base64')}"}`);
    },
  );
});

describe('snapshotJson', () => {
  test('keeps the order asked, with null for what does not exist', () => {
    const found = { ...sample, value: Buffer.from('v') };
    const { entries, revision } = JSON.parse(
      snapshotJson({ entries: [undefined, found, undefined, found], revision: 7 }),
    );
    const written = { ...described(found), value: 'v' };
    expect([entries, revision]).toEqual([[null, written, null, written], 7]);
  });
});
