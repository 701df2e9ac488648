import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clientAddress } from './client-address.js';

const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
const groups = fc.array(group, { minLength: 8, maxLength: 8 });
const quad = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 });
/** How an address may be spelled: padding, case, which zeros `::` replaces, a quad at the end, a zone. */
const spelling = fc.record({
  digits: fc.integer({ min: 1, max: 4 }),
  upper: fc.boolean(),
  gapAt: fc.nat(7),
  gapLength: fc.nat(8),
  quad: fc.boolean(),
  zone: fc.constantFrom('', '%eth0', '%1', '%en0.1'),
});

type Spelling = typeof spelling extends fc.Arbitrary<infer Value> ? Value : never;

function spell(address: readonly number[], how: Spelling): string {
  const plain = address.map((value) => value.toString(16).padStart(how.digits, '0'));
  const [high = 0, low = 0] = address.slice(-2);
  const end = how.quad ? [[high >> 8, high & 255, low >> 8, low & 255].join('.')] : plain.slice(6);
  const gapEnd = Math.min(how.gapAt + how.gapLength, how.quad ? 6 : 8);
  const canLeaveOut = how.gapAt < gapEnd && address.slice(how.gapAt, gapEnd).every((value) => value === 0);
  const parts = [...plain.slice(0, 6), ...end];
  const text = canLeaveOut
    ? `${parts.slice(0, how.gapAt).join(':')}::${parts.slice(gapEnd).join(':')}`
    : parts.join(':');
  return (how.upper ? text.toUpperCase() : text) + how.zone;
}

/** Those that embed an IPv4 address are tested apart. */
const isPlain = (address: readonly number[]): boolean =>
  !/^(0,0,0,0,0,65535|100,65435,0,0,0,0),/.test(address.join());

describe('clientAddress', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7%eth0', '203.0.113.7'],
    ['::ffff:0:0', '0.0.0.0'],
    ['64:ff9b::203.0.113.7', '203.0.113.7'],
    ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
    ['2001:DB8:0000:0001:ffff:ffff:ffff:ffff', '2001:db8:0:1::/64'],
    ['2001:db8:0:2::1', '2001:db8:0:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['::2:3:4:5:6:7:8', '0:2:3:4::/64'],
  ])('counts %s as %s', (written, counted) => {
    expect(clientAddress(written)).toBe(counted);
  });

  test.each([undefined, '', ' ', 'unknown', 'localhost', '1.2.3', '01.2.3.4', '1.2.3.4:80', '[::1]', ':::'])(
    'counts %j with all else that is no address',
    (written) => {
      expect(clientAddress(written)).toBe('unknown');
    },
  );

  test('takes anything, and what it returns is an IPv4 address, a /64 or unknown', () => {
    const form = /^(unknown|\d{1,3}(\.\d{1,3}){3}|[0-9a-f]{1,4}(:[0-9a-f]{1,4}){3}::\/64)$/;
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.ipV4Extended()), (written) => {
        expect(clientAddress(written)).toMatch(form);
      }),
    );
  });

  test('gives all spellings of one IPv6 address one text', () => {
    fc.assert(
      fc.property(groups.filter(isPlain), spelling, spelling, (address, one, other) => {
        const [a, b] = [spell(address, one), spell(address, other)];
        expect(isIPv6(a) && isIPv6(b)).toBe(true);
        expect(clientAddress(a)).toBe(clientAddress(b));
      }),
    );
  });

  test('counts two IPv6 addresses as one exactly if they share their first 64 bits', () => {
    const pair = fc.tuple(groups.filter(isPlain), groups, fc.boolean());
    fc.assert(
      fc.property(pair, spelling, spelling, ([address, others, sameNetwork], one, other) => {
        const second = sameNetwork ? [...address.slice(0, 4), ...others.slice(4)] : others;
        fc.pre(isPlain(second));
        const share = address.slice(0, 4).join() === second.slice(0, 4).join();
        expect(clientAddress(spell(address, one)) === clientAddress(spell(second, other))).toBe(share);
      }),
    );
  });

  test('counts an IPv4 address that IPv6 embeds as that address', () => {
    const networks = fc.constantFrom([0, 0, 0, 0, 0, 0xffff], [0x64, 0xff9b, 0, 0, 0, 0]);
    fc.assert(
      fc.property(networks, quad, spelling, (network, [a = 0, b = 0, c = 0, d = 0], how) => {
        const written = spell([...network, a * 256 + b, c * 256 + d], how);
        expect(clientAddress(written)).toBe([a, b, c, d].join('.'));
      }),
    );
  });
});
