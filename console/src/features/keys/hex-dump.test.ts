import { describe, expect, test } from 'vitest';
import { hexDump } from './hex-dump.js';

describe('hexDump', () => {
  test('has no rows for no bytes', () => {
    expect(hexDump(new Uint8Array())).toEqual([]);
  });

  test('groups a full row by eight and shows what is printable', () => {
    const bytes = new TextEncoder().encode('Halo\x00\x7f, world!!?');
    expect(hexDump(bytes)[0]).toEqual({
      offset: '00000000',
      hex: '48 61 6c 6f 00 7f 2c 20  77 6f 72 6c 64 21 21 3f',
      text: 'Halo.., world!!?',
    });
  });

  test('carries the offset on and leaves a short last row short', () => {
    const rows = hexDump(new Uint8Array(17).fill(255));
    expect(rows).toHaveLength(2);
    expect(rows[1]).toEqual({ offset: '00000010', hex: 'ff', text: '.' });
  });
});
