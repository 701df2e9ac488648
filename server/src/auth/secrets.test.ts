import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { StartError } from '../errors.js';
import { deriveSecrets } from './secrets.js';

const one = 'first secret of at least 32 bytes, for tests';
const two = 'second secret of at least 32 bytes, for tests';

describe('deriveSecrets', () => {
  test('gives replicas with the same secret the same keys', async () => {
    const [[a], [b]] = await Promise.all([deriveSecrets([one]), deriveSecrets([one])]);
    expect(a.publicJwk).toEqual(b.publicJwk);
    expect(a.signingKey.equals(b.signingKey)).toBe(true);
    expect(a.refreshKey.equals(b.refreshKey)).toBe(true);
    expect(a.throttleKey.equals(b.throttleKey)).toBe(true);
    expect(a.kid).toBe(a.publicJwk.kid);
  });

  test('gives every secret keys of its own, in the order given', async () => {
    const both = await deriveSecrets([one, two]);
    expect(both).toHaveLength(2);
    expect(both[0].kid).toBe((await deriveSecrets([one]))[0].kid);
    expect(both[1]?.kid).toBe((await deriveSecrets([two]))[0].kid);
    expect(both[0].kid).not.toBe(both[1]?.kid);
    expect(both[1]?.throttleKey.equals(both[0].throttleKey)).toBe(false);
  });

  test('derives keys for different uses that tell nothing of each other', async () => {
    const [{ refreshKey, throttleKey }] = await deriveSecrets([one]);
    expect(throttleKey.equals(refreshKey)).toBe(false);
  });

  test('keeps the derivation of earlier releases, without which an upgrade would end every access token', async () => {
    const [{ kid }] = await deriveSecrets([one]);
    expect(kid).toBe('zaEOgmpoQaZgOLOLkpTnPcXqi612cdGqNtczd0gZwf0');
  });

  test.each([[[]], [['']], [['x'.repeat(31)]], [[one, 'short']]])('refuses %j', async (secrets) => {
    await expect(deriveSecrets(secrets)).rejects.toThrow(StartError);
  });

  test('does not show a key when printed', async () => {
    const printed = inspect(await deriveSecrets([one]), { depth: 10 });
    expect(printed).not.toContain(one);
    expect(printed).not.toMatch(/<Buffer/);
  });
});
