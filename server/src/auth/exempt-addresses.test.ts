import { describe, expect, test } from 'vitest';
import { exemptAddresses } from './exempt-addresses.js';

describe('exemptAddresses', () => {
  const isExempt = exemptAddresses(['127.0.0.0/8', '::1', '10.1.2.3/30', '2001:db8:0:8::5/61']);

  test.each([
    '127.0.0.1',
    '127.255.255.255',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::1',
    '0:0:0:0:0:0:0:1',
    '10.1.2.0',
    '10.1.2.3',
    '2001:db8:0:8::',
    '2001:DB8:0:f::1',
  ])('exempts %s', (address) => {
    expect(isExempt(address)).toBe(true);
  });

  // That addresses of one /64 are counted together exempts none of the others.
  test.each([undefined, '', 'localhost', '126.255.255.255', '::2', '10.1.2.4', '2001:db8:0:10::1', '::'])(
    'does not exempt %s',
    (address) => {
      expect(isExempt(address)).toBe(false);
    },
  );

  test('exempts nobody when told nobody', () => {
    const none = exemptAddresses([]);
    for (const address of ['127.0.0.1', '::1', '0.0.0.0']) expect(none(address)).toBe(false);
  });

  test.each(['', 'localhost', 'localhost/8'])('takes %j for a mistake of the caller', (entry) => {
    expect(() => exemptAddresses([entry])).toThrow();
  });
});
