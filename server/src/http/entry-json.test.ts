import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ListedEntry } from '../engine/lister.js';
import { pageJson } from './entry-json.js';

const text = fc.string({ unit: 'binary' });
const instant = fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.toISOString());
const count = fc.maxSafeNat();
const entry: fc.Arbitrary<ListedEntry> = fc.record({
  key: text,
  revision: count,
  size: count,
  contentType: text,
  metadata: fc.option(
    fc.dictionary(text, fc.jsonValue({ maxDepth: 2 })).map((value) => JSON.stringify(value)),
  ),
  createdAt: instant,
  writtenAt: instant,
  expiresAt: fc.option(instant),
});

const sample: ListedEntry = {
  key: 'a',
  revision: 1,
  size: 0,
  contentType: 'text/plain',
  metadata: null,
  createdAt: '2026-01-31T09:30:00.000Z',
  writtenAt: '2026-01-31T09:30:00.000Z',
  expiresAt: null,
};

describe('pageJson', () => {
  test('is JSON with every member of the contract, whatever keys and values hold', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 4 }),
        fc.option(text, { nil: undefined }),
        count,
        (entries, cursor, revision) => {
          expect(JSON.parse(pageJson({ entries, cursor, revision }))).toEqual({
            keys: entries.map(({ contentType, metadata, createdAt, writtenAt, expiresAt, ...same }) => ({
              ...same,
              content_type: contentType,
              metadata: metadata === null ? null : JSON.parse(metadata),
              created_at: createdAt,
              updated_at: writtenAt,
              expires_at: expiresAt,
            })),
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
      const page = pageJson({ entries: [{ ...sample, metadata }], cursor: undefined, revision: 1 });
      expect(page).toContain(`"metadata":${metadata},"created_at"`);
    },
  );
});
