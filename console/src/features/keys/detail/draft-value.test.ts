import { expect, test } from 'vitest';
import type { Snapshot } from '../snapshot.js';
import { draftBytes, inMode, isChanged, openDraft } from './draft-value.js';

function snapshotOf(body: Uint8Array<ArrayBuffer>): Snapshot {
  return {
    key: 'k',
    revision: 1,
    contentType: 'text/plain',
    size: body.length,
    body,
    metadata: undefined,
    createdAt: undefined,
    updatedAt: undefined,
    expiresAt: undefined,
  };
}

const odd = new TextEncoder().encode('\ufeffa\r\nb\rc\u0000');

test('what is not touched is saved as the very bytes that came', () => {
  for (const [mode, body] of [
    ['text', odd],
    ['hex', odd],
    ['hex', Uint8Array.of(0xff, 0xfe, 0)],
  ] as const) {
    const base = snapshotOf(body);
    const draft = openDraft({ base, mode });
    expect(draftBytes(draft)).toEqual({ bytes: body });
    expect(isChanged(draft, base)).toBe(false);
  }
});

test('going to hex and back changes nothing, and an edit in between stays', () => {
  const base = snapshotOf(odd);
  const hex = inMode(openDraft({ base, mode: 'text' }), 'hex');
  expect(hex?.text).toBe('ef bb bf 61 0d 0a 62 0d 63 00');
  const back = hex === undefined ? undefined : inMode(hex, 'text');
  expect(back && draftBytes(back)).toEqual({ bytes: odd });
  expect(back && isChanged(back, base)).toBe(false);

  const edited = hex === undefined ? undefined : inMode({ ...hex, text: '48 69' }, 'text');
  expect(edited?.text).toBe('Hi');
  expect(edited && isChanged(edited, base)).toBe(true);
});

test('what is no text stays hex, and what is no hex stays as it is', () => {
  const base = snapshotOf(Uint8Array.of(0xff));
  const draft = openDraft({ base, mode: 'hex' });
  expect(inMode(draft, 'text')).toBeUndefined();
  expect(inMode({ ...draft, text: 'zz' }, 'text')).toBeUndefined();
  expect(isChanged({ ...draft, text: 'zz' }, base)).toBe(true);
});

test('a file takes the place of the value', () => {
  const base = snapshotOf(odd);
  const file = { name: 'a.bin', bytes: Uint8Array.of(1), type: '' };
  const draft = openDraft({ base, mode: 'text', file });
  expect(draftBytes(draft)).toEqual({ bytes: file.bytes });
  expect(isChanged(draft, base)).toBe(true);
});
